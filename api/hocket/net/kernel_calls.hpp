// A socket's recv(2) and send(2): the system call in place, its outcome a count or a negated errno value.
//
// The C library's are cancellation points: in a program with threads each does two locked instructions before the call
// and two after it, as much as a mutex, for pthread_cancel, which nobody may use on a worker. And a processor that
// comes back from the kernel has forgotten who called whom, so each function that returns after a system call costs as
// much as some dozens of instructions: what makes these calls is inlined into who knows what to do next. Sanitizers
// know what memory a call reads and writes by its name in the C library, so with them it is that one.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string_view>

#include <hocket/net/socket.hpp>
#include <hocket/rt/base/sanitizers.hpp>

namespace hocket::net {

#if HOCKET_ASAN || HOCKET_TSAN || HOCKET_MSAN

inline ssize_t kernel_receive(int fd, void* into, std::size_t size, int flags) noexcept {
  const ssize_t n = ::recv(fd, into, size, flags);
  return n < 0 ? -errno : n;
}
inline ssize_t kernel_send(int fd, const void* data, std::size_t size, int flags) noexcept {
  const ssize_t n = ::send(fd, data, size, flags);
  return n < 0 ? -errno : n;
}

#else

// A call of four arguments and two zeros.
#if defined(__x86_64__)

[[gnu::always_inline]] inline long kernel_call(long number, long a, long b, long c, long d) noexcept {
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = 0;
  register long sixth asm("r9") = 0;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return result;
}

#else

inline long kernel_call(long number, long a, long b, long c, long d) noexcept {
  const long result = ::syscall(number, a, b, c, d, 0, 0);
  return result < 0 ? -errno : result;
}

#endif

[[gnu::always_inline]] inline ssize_t kernel_receive(int fd, void* into, std::size_t size, int flags) noexcept {
  return kernel_call(SYS_recvfrom, fd, reinterpret_cast<long>(into), static_cast<long>(size), flags);
}
[[gnu::always_inline]] inline ssize_t kernel_send(int fd, const void* data, std::size_t size, int flags) noexcept {
  return kernel_call(SYS_sendto, fd, reinterpret_cast<long>(data), static_cast<long>(size), flags);
}

#endif

/// Makes the call, and again when a signal interrupted it.
template <class Call>
inline attempt attempt_of(Call call) noexcept {
  for (;;) {
    const ssize_t n = call();
    if (n >= 0) [[likely]]
      return {static_cast<std::size_t>(n), 0};
    if (n != -EINTR) return {0, static_cast<int>(-n)};
  }
}

attempt socket::try_receive_locked(std::span<char> into) noexcept {
  return attempt_of([&] { return kernel_receive(fd_.get(), into.data(), into.size(), 0); });
}

attempt socket::try_send_locked(std::string_view data) noexcept {
  return attempt_of([&] { return kernel_send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL); });
}

}  // namespace hocket::net
