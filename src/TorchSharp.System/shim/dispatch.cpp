// Calls ATen operators by name, boxed, through the dispatcher.
#include "shim.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <cstdlib>
#include <memory>

namespace {

enum class Kind { Tensor, Int, Double, Number, Bool, String, Device, Generator, IntList, DoubleList, BoolList, TensorList, OptionalTensorList, Other };

struct Parameter {
  Kind kind;
  bool optional;
  int32_t length;  // of a list that a single number may stand for, else 0
  bool has_default;
  c10::IValue default_value;
};

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
};

Kind kind_of(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::Int;
    case c10::TypeKind::FloatType: return Kind::Double;
    case c10::TypeKind::NumberType: return Kind::Number;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    case c10::TypeKind::GeneratorType: return Kind::Generator;
    case c10::TypeKind::ListType: {
      auto element = type->castRaw<c10::ListType>()->getElementType();
      if (element->kind() == c10::TypeKind::OptionalType) return Kind::OptionalTensorList;
      switch (kind_of(element)) {
        case Kind::Tensor: return Kind::TensorList;
        case Kind::Int: return Kind::IntList;
        case Kind::Double: return Kind::DoubleList;
        case Kind::Bool: return Kind::BoolList;
        default: return Kind::Other;
      }
    }
    default: return Kind::Other;
  }
}

Parameter describe(const c10::Argument& argument) {
  auto type = argument.type();
  const bool optional = type->kind() == c10::TypeKind::OptionalType;
  if (optional) type = type->castRaw<c10::OptionalType>()->getElementType();
  const bool has_default = argument.default_value().has_value();
  return {kind_of(type), optional, argument.N() ? static_cast<int32_t>(*argument.N()) : 0, has_default,
          has_default ? *argument.default_value() : c10::IValue()};
}

int64_t integer(const Value& v) {
  if (v.tag == Tag::Double) return static_cast<int64_t>(v.d);
  return v.i;
}

double real(const Value& v) { return v.tag == Tag::Double ? v.d : static_cast<double>(v.i); }

template <class T, class Get>
c10::IValue list(const Value& v, const Parameter& parameter, Get get) {
  c10::List<T> result;
  if (v.tag == Tag::IntList || v.tag == Tag::DoubleList) {
    result.reserve(v.count);
    for (int32_t k = 0; k < v.count; k++) {
      Value element{v.tag == Tag::IntList ? Tag::Int : Tag::Double, 0, {}};
      if (v.tag == Tag::IntList) element.i = static_cast<int64_t*>(v.p)[k];
      else element.d = static_cast<double*>(v.p)[k];
      result.push_back(get(element));
    }
  } else {
    for (int32_t k = 0; k < std::max(parameter.length, 1); k++) result.push_back(get(v));
  }
  return result;
}

c10::IValue convert(const Value& v, const Parameter& parameter) {
  if (v.tag == Tag::Default) {
    TORCH_CHECK(parameter.has_default || parameter.optional, "an argument without a default was left out");
    return parameter.default_value;
  }
  if (v.tag == Tag::None) {
    return parameter.kind == Kind::Tensor && !parameter.optional ? c10::IValue(at::Tensor()) : c10::IValue();
  }
  switch (parameter.kind) {
    case Kind::Tensor:
      TORCH_CHECK(v.tag == Tag::Tensor, "a tensor was expected");
      return borrow(v.p);
    case Kind::Int: return integer(v);
    case Kind::Double: return real(v);
    case Kind::Bool: return integer(v) != 0;
    case Kind::Number:
      return v.tag == Tag::Double ? c10::IValue(v.d) : v.tag == Tag::Bool ? c10::IValue(v.i != 0) : c10::IValue(v.i);
    case Kind::String: return std::string(static_cast<const char*>(v.p), v.count);
    case Kind::Device: return device_of(v.i);
    case Kind::Generator: return *static_cast<at::Generator*>(v.p);
    case Kind::IntList: return list<int64_t>(v, parameter, integer);
    case Kind::DoubleList: return list<double>(v, parameter, real);
    case Kind::BoolList: return list<bool>(v, parameter, [](const Value& e) { return integer(e) != 0; });
    case Kind::TensorList: {
      c10::List<at::Tensor> tensors;
      tensors.reserve(v.count);
      for (int32_t k = 0; k < v.count; k++) tensors.push_back(borrow(static_cast<void**>(v.p)[k]));
      return tensors;
    }
    case Kind::OptionalTensorList: {
      c10::impl::GenericList tensors(c10::OptionalType::create(c10::TensorType::get()));
      for (int32_t k = 0; k < v.count; k++) {
        void* handle = static_cast<void**>(v.p)[k];
        tensors.push_back(handle == nullptr ? c10::IValue() : c10::IValue(borrow(handle)));
      }
      return c10::IValue(std::move(tensors));
    }
    default: TORCH_CHECK(false, "an argument of a type that this binding does not pass");
  }
}

Value give_back(c10::IValue& value) {
  Value result{Tag::None, 0, {}};
  if (value.isTensor()) {
    result.tag = Tag::Tensor;
    result.p = release(std::move(value).toTensor());
  } else if (value.isTensorList()) {
    auto tensors = value.toTensorVector();
    result.tag = Tag::TensorList;
    result.count = static_cast<int32_t>(tensors.size());
    auto handles = static_cast<void**>(std::malloc(std::max<size_t>(tensors.size(), 1) * sizeof(void*)));
    for (size_t k = 0; k < tensors.size(); k++) handles[k] = release(std::move(tensors[k]));
    result.p = handles;
  } else if (value.isBool()) {
    result.tag = Tag::Bool;
    result.i = value.toBool();
  } else if (value.isInt()) {
    result.tag = Tag::Int;
    result.i = value.toInt();
  } else if (value.isDouble()) {
    result.tag = Tag::Double;
    result.d = value.toDouble();
  }
  return result;
}

}  // namespace

// The operator's handle, null where this libtorch has none of that name. Handles live as long as the process.
EXPORT int32_t find_operator(const char* name, const char* overload, void** found) {
  return guarded([&] {
    *found = nullptr;
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!handle) return;
    auto op = std::make_unique<Operator>(Operator{*handle, {}});
    for (const auto& argument : handle->schema().arguments()) op->parameters.push_back(describe(argument));
    *found = op.release();
  });
}

// Calls with the first `count` arguments and the schema's defaults for the rest; gives at most `capacity` results back.
EXPORT int32_t call_operator(void* handle, const Value* arguments, int32_t count, Value* results, int32_t capacity) {
  return guarded([&] {
    auto& op = *static_cast<Operator*>(handle);
    TORCH_CHECK(static_cast<size_t>(count) <= op.parameters.size(), op.handle.schema().name(), " takes ", op.parameters.size(),
                " arguments, not ", count);
    std::vector<c10::IValue> stack;
    stack.reserve(op.parameters.size() + 1);
    for (size_t k = 0; k < op.parameters.size(); k++) {
      static const Value rest{Tag::Default, 0, {}};
      stack.push_back(convert(k < static_cast<size_t>(count) ? arguments[k] : rest, op.parameters[k]));
    }
    op.handle.callBoxed(&stack);
    for (int32_t k = 0; k < capacity; k++)
      results[k] = static_cast<size_t>(k) < stack.size() ? give_back(stack[k]) : Value{Tag::None, 0, {}};
  });
}

EXPORT void free_list(void* handles) { std::free(handles); }
