// The arithmetic of attention for a few rows of one head; who calls it (attention.cpp) lays its operands out and shares the rows among
// threads.
#pragma once
#include <cstdint>

namespace attention {

constexpr int64_t kVector = 16;   // numbers that are worked on side by side
constexpr int64_t kRows = 24;     // at a time
constexpr int64_t kPlaces = 512;  // whose scores are held at a time
constexpr int64_t kPanel = 64;    // places whose keys lie side by side

// How a kernel's operands lie. `pair` numbers that are multiplied and summed up at once lie side by side: 2 of bfloat16, else 1.
//   query   (kRows, depth)
//   keys    (panels, depth / pair, places of the panel, pair); the last panel is filled up to whole vectors
//   values  (places / pair, width, pair), filled up likewise
//   scores  room for kRows · kPlaces
//   output  (kRows, width) = softmax(scale · query · keysᵀ) · values
// Depth is a multiple of the pair, width of half a vector.
template <class Number>
using Kernel = void(const Number* query, const Number* keys, const Number* values, int64_t places, int64_t depth, int64_t width,
                    float scale, float* scores, float* output);

Kernel<float> of_float;
Kernel<uint16_t> of_bfloat16;  // its bits

inline int64_t up_to(int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

}  // namespace attention
