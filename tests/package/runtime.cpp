// The runtime's own floor, without the API above it.
#include <hocket/rt/base/clock.hpp>

int main() {
  const hocket::rt::nanos before = hocket::rt::steady_now();
  return hocket::rt::steady_now() >= before ? 0 : 1;
}
