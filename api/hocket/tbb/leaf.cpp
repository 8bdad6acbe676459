#include <hocket/tbb/leaf.hpp>

namespace hocket {

void leaf_size::learn(std::size_t n, rt::nanos took) noexcept {
  const std::size_t now = get();
  const auto fits = static_cast<std::size_t>(static_cast<double>(n) * static_cast<double>(wanted) /
                                             static_cast<double>(std::max<rt::nanos>(took, 1)));
  // order: a hint: of two who learn at once one is forgotten.
  if (fits > now) {
    size_.store(std::min(fits, growth * std::max(n, now)), rt::relaxed);
  } else if (2 * n >= now) {  // what is left over at the end of a range says little
    size_.store(std::max(fits, grain_), rt::relaxed);
  }
}

}  // namespace hocket
