// When an open-loop generator means to send: at a constant rate, or as a Poisson process (independent users).
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

namespace hocket::tools {

enum class arrival_kind { poisson, constant };

class arrivals {
 public:
  /// `rate` per second, above 0. The first one is due one interval after `start`.
  arrivals(arrival_kind kind, double rate, std::int64_t start, std::uint64_t seed)
      : kind_(kind), interval_(1e9 / rate), due_(static_cast<double>(start)), random_(seed) {
    advance();
  }

  /// The intended time of the next request, in nanoseconds on the same clock as `start`.
  std::int64_t due() const noexcept { return static_cast<std::int64_t>(due_); }

  void advance() { due_ += kind_ == arrival_kind::constant ? interval_ : interval_ * gap_(random_); }

 private:
  arrival_kind kind_;
  double interval_;
  double due_;  // a double holds nanoseconds since boot exactly for 104 days, and to 2 ns for a year
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_{1.0};
};

}  // namespace hocket::tools
