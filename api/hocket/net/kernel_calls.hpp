// recv(2) and send(2), and nothing else.
//
// The C library's are cancellation points: in a program with threads each does two locked instructions before the call
// and two after it, as much as a mutex, for pthread_cancel, which nobody may use on a worker. Sanitizers know what
// memory a call reads and writes by its name in the C library, so with them it is that one.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include <hocket/rt/base/sanitizers.hpp>

namespace hocket::net {

#if HOCKET_ASAN || HOCKET_TSAN || HOCKET_MSAN

inline ssize_t kernel_receive(int fd, void* into, std::size_t size, int flags) noexcept {
  return ::recv(fd, into, size, flags);
}
inline ssize_t kernel_send(int fd, const void* data, std::size_t size, int flags) noexcept {
  return ::send(fd, data, size, flags);
}

#else

inline ssize_t kernel_receive(int fd, void* into, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_recvfrom, fd, into, size, flags, nullptr, nullptr);
}
inline ssize_t kernel_send(int fd, const void* data, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_sendto, fd, data, size, flags, nullptr, 0);
}

#endif

}  // namespace hocket::net
