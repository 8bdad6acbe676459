// Where the events of one thread arrive, and its way there.
//
// To wake a thread on another processor takes an interrupt there, several microseconds for both sides in a virtual
// machine. The kernel brings a thread to who wakes it by itself, but not one with a low nice value, which it takes for
// a heavy load. So who serves events follows them: when everything that was looked at for a while came in on one
// processor and that is not its own, it moves there. Events that come in everywhere move nobody. A hint, not a binding:
// the kernel may move it on.
//
// Calls: one thread.
#pragma once

namespace hocket::rt {

class arrivals {
 public:
  static constexpr unsigned polls_per_sample = 32;
  static constexpr unsigned samples_to_settle = 16;

  /// Once per poll that gave events. True: the caller finds out where an event of it came in, and notes that.
  bool is_sample_due() noexcept { return ++polls_ % polls_per_sample == 0; }

  /// An event came in on `cpu`; negative: nobody knows.
  void note(int cpu) noexcept {
    samples_ = cpu == cpu_ ? samples_ + 1 : 1;
    cpu_ = cpu;
  }

  /// The processor on which everything comes in; negative while there is none.
  int settled_on() const noexcept { return samples_ < samples_to_settle ? -1 : cpu_; }

  /// Moves the calling thread there, if it is elsewhere.
  void follow() noexcept;

 private:
  unsigned polls_ = 0;
  unsigned samples_ = 0;
  int cpu_ = -1;
};

}  // namespace hocket::rt
