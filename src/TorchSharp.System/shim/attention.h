// The arithmetic of attention for a few rows; who calls it (products.cpp) lays its operands out and shares the rows among threads.
#pragma once
#include <cstdint>

namespace attention {

constexpr int64_t kRows = 48;     // at most at a time, in multiples of kRowStep
constexpr int64_t kRowStep = 24;
constexpr int64_t kPlaces = 512;  // whose scores are held at a time
constexpr int64_t kPanel = 64;    // places whose keys lie side by side

// The values' depth, filled up to what the registers can be made of.
int64_t padded_width(int64_t depth);

// output (rows, width) = softmax(query · keysᵀ) · values.
//   query   (rows, depth), scaled
//   keys    (panels, depth, kPanel), the last panel filled up
//   values  (places, width)
//   scores  room for kRows · kPlaces
void attend(const float* query, int64_t rows, int64_t depth, const float* keys, const float* values, int64_t places, int64_t width,
            float* scores, float* output);

}  // namespace attention
