// What the programs compute: one loop after another, each of many pieces.
#pragma once

namespace mixed_tbb {

inline constexpr long pieces = 5000;
inline constexpr unsigned piece_us = 20;

}  // namespace mixed_tbb
