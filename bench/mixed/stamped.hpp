// What came on a socket, and when: by the kernel's account, not when somebody came to read it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <ctime>
#include <span>

namespace mixed {

using nanos = std::int64_t;
inline constexpr nanos second = 1'000'000'000;

inline nanos nanos_of(const timespec& t) { return t.tv_sec * second + t.tv_nsec; }
inline nanos now_of(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return nanos_of(t);
}
inline nanos now() { return now_of(CLOCK_MONOTONIC); }

/// From now on the kernel notes of each packet when it came, if it can; receive_stamped() says whether it did.
inline void stamp_arrivals(int fd) {
  const int on = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

struct arrived {
  ssize_t bytes = 0;  // as of recv
  nanos at = 0;       // of the last packet, on CLOCK_MONOTONIC. Without a stamp: when it was read, which is later
  bool is_stamped = false;
};

/// Does not block.
inline arrived receive_stamped(int fd, std::span<char> into) {
  alignas(cmsghdr) char notes[CMSG_SPACE(sizeof(timespec))];
  iovec place{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = notes;
  message.msg_controllen = sizeof notes;
  const ssize_t bytes = ::recvmsg(fd, &message, MSG_DONTWAIT);
  const cmsghdr* const note = bytes > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (note == nullptr || note->cmsg_level != SOL_SOCKET || note->cmsg_type != SCM_TIMESTAMPNS) return {bytes, now()};
  timespec stamp;
  std::memcpy(&stamp, CMSG_DATA(note), sizeof stamp);
  // The stamp is of the clock of the day, which somebody may set; so its age is what counts. A thread that loses its
  // processor between the two readings takes the packet for a later one, not for an earlier one.
  const nanos age = now_of(CLOCK_REALTIME) - nanos_of(stamp);
  return {bytes, now() - age, true};
}

}  // namespace mixed
