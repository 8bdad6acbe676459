// The reactor over one edge-triggered epoll. Each descriptor is registered once, for everything; no call is made per
// wait.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <ctime>
#include <mutex>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/fd.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/io/arrivals.hpp>
#include <hocket/rt/io/reactor.hpp>
#include <hocket/rt/io/readiness.hpp>

namespace hocket::rt {
namespace {

constexpr std::uint32_t interest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t means_read = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR;
// Of reading: from now on every call gives something, if only the end. Not EPOLLHUP, which a socket shows, too, before
// it listens or connects.
constexpr std::uint32_t means_end = EPOLLRDHUP;
constexpr std::uint32_t means_write = EPOLLOUT | EPOLLHUP | EPOLLERR;
constexpr std::uint64_t wake_mark = ~std::uint64_t{0};  // the eventfd's epoll data; no slot has this index

/// One attachment's state. Slots are reused but never freed while the reactor lives, so an event that is late may
/// look at one; the generation tells it that it came too late.
struct alignas(64) slot {
  readiness<io_op> directions[2];
  std::atomic<std::uint32_t> generation{0};
  std::atomic<int> fd{-1};                     // written by attach and the detach that won the generation
  std::uint32_t next_free = descriptor::none;  // guarded by slot_table::mutex_

  readiness<io_op>& direction(io_direction d) noexcept { return directions[static_cast<std::size_t>(d)]; }
};

std::uint16_t tag_of(std::uint32_t generation) noexcept { return static_cast<std::uint16_t>(generation); }

std::uint64_t pack(descriptor d) noexcept { return std::uint64_t{d.generation} << 32 | d.slot; }
descriptor unpack(std::uint64_t data) noexcept {
  return {static_cast<std::uint32_t>(data), static_cast<std::uint32_t>(data >> 32)};
}

/// Slots in chunks, each twice as large as the one before, that never move.
class slot_table {
 public:
  slot_table() = default;
  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;
  ~slot_table() {
    // order: owner-only: nobody else is left.
    for (auto& chunk : chunks_) delete[] chunk.load(relaxed);
  }

  /// Null for an index that was never given out.
  slot* find(std::uint32_t index) const noexcept {
    const std::uint64_t n = std::uint64_t{index} + first_chunk;
    const auto k = static_cast<std::size_t>(std::bit_width(n) - std::bit_width(first_chunk));
    if (k >= chunks_.size()) return nullptr;
    // order: I3: pairs with the release in grow(): the slots are built.
    slot* chunk = chunks_[k].load(acquire);
    return chunk ? chunk + (n - (first_chunk << k)) : nullptr;
  }

  std::uint32_t take() {
    const std::lock_guard lock(mutex_);
    if (free_head_ == descriptor::none) grow();
    const auto index = free_head_;
    free_head_ = find(index)->next_free;
    ++used_;
    return index;
  }

  void give_back(std::uint32_t index) noexcept {
    const std::lock_guard lock(mutex_);
    find(index)->next_free = free_head_;
    free_head_ = index;
    --used_;
  }

  /// How many slots there are, taken or not.
  std::uint32_t capacity() const noexcept {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint32_t>((first_chunk << next_chunk_) - first_chunk);
  }

  std::size_t used() const noexcept {
    const std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  static constexpr std::uint64_t first_chunk = 256;

  void grow() {
    if (next_chunk_ == chunks_.size()) throw_os_error("reactor", EMFILE);
    const std::uint64_t size = first_chunk << next_chunk_;
    auto* fresh = new slot[size];
    const auto base = static_cast<std::uint32_t>(size - first_chunk);
    for (std::uint64_t i = 0; i < size; ++i) {
      fresh[i].next_free = i + 1 < size ? base + static_cast<std::uint32_t>(i) + 1 : descriptor::none;
    }
    free_head_ = base;
    // order: I3: publishes the built slots; pairs with find().
    chunks_[next_chunk_++].store(fresh, release);
  }

  mutable futex_mutex mutex_;
  std::uint32_t free_head_ = descriptor::none;   // guarded by mutex_
  std::size_t next_chunk_ = 0;                   // guarded by mutex_
  std::size_t used_ = 0;                         // guarded by mutex_
  std::array<std::atomic<slot*>, 16> chunks_{};  // 256 * (2^16 - 1) slots in all
};

class epoll_reactor final : public reactor {
 public:
  epoll_reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!epoll_) throw_os_error("epoll_create1");
    if (!wake_event_) throw_os_error("eventfd");
    // Edge-triggered and never read: each write is one event, for one poller.
    watch(wake_event_.get(), EPOLLIN | EPOLLET, wake_mark);
  }

  ~epoll_reactor() override {
    {
      const std::lock_guard lock(lease()->mutex);
      lease()->io = nullptr;
    }
    runnable_list left;
    for (std::uint32_t i = 0; i < slots_.capacity(); ++i) {
      slot& s = *slots_.find(i);
      // order: owner-only: nobody else may use a reactor that ends.
      if (s.fd.load(relaxed) >= 0) left.append(detach({i, s.generation.load(relaxed)}));
    }
    while (runnable* op = left.pop_front()) op->run();
  }

  descriptor attach(int fd) override {
    const auto index = slots_.take();
    slot& s = *slots_.find(index);
    // order: owner-only: the slot is free, and only its taker advances it from here.
    s.fd.store(fd, relaxed);
    const descriptor d{index, s.generation.load(relaxed)};
    try {
      watch(fd, interest, pack(d));
    } catch (...) {
      s.fd.store(-1, relaxed);  // order: owner-only
      slots_.give_back(index);
      throw;
    }
    return d;
  }

  runnable_list detach(descriptor d) noexcept override {
    runnable_list pending;
    slot* s = slots_.find(d.slot);
    if (!s) return pending;
    auto expected = d.generation;
    // order: relaxed: only elects one detacher and turns stale calls away early; retire() below is what orders.
    if (!s->generation.compare_exchange_strong(expected, d.generation + 1, relaxed)) return pending;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, s->fd.load(relaxed), nullptr);
    for (auto& direction : s->directions) {
      if (io_op* op = direction.retire(tag_of(d.generation + 1))) pending.push_back(*op);
    }
    s->fd.store(-1, relaxed);  // order: the mutex of give_back()
    slots_.give_back(d.slot);
    return pending;
  }

  bool submit(descriptor d, io_direction direction, io_op& op) noexcept override {
    slot* s = current(d);
    return s && s->direction(direction).submit(tag_of(d.generation), op) == submitted::waiting;
  }

  bool cancel(descriptor d, io_direction direction, io_op& op) noexcept override {
    slot* s = current(d);
    return s && s->direction(direction).cancel(tag_of(d.generation), op);
  }

  int poll(nanos timeout, runnable_list& out, int max_events, poll_report& report) noexcept override {
    epoll_event events[max_batch];
    const int n = wait(events, std::clamp(max_events, 1, max_batch), timeout);
    arrivals* const where = report.where;
    if (where && n > 0 && where->is_sample_due()) note_arrival(unpack(events[0].data.u64), *where);
    const auto before = out.size();
    for (int i = 0; i < n; ++i) {
      if (events[i].data.u64 == wake_mark) {
        report.took_wake = timeout != 0;
        take_wake(report.took_wake);
      } else {
        deliver(unpack(events[i].data.u64), events[i].events, out);
      }
    }
    return static_cast<int>(out.size() - before);
  }

  void wake() noexcept override {
    // order: I4: counts this wake; pairs with take_wake(). Whoever makes it 1 raises the event.
    if (wakes_.fetch_add(1, acq_rel) == 0) raise();
  }

  bool is_attached(descriptor d) const noexcept override { return current(d) != nullptr; }

  std::size_t attached() const noexcept override { return slots_.used(); }

 private:
  /// The slot while `d` is attached. A detach() that comes right after is caught by the tag in the word.
  slot* current(descriptor d) const noexcept {
    slot* s = slots_.find(d.slot);
    // order: relaxed: see detach().
    return s && s->generation.load(relaxed) == d.generation ? s : nullptr;
  }

  void deliver(descriptor d, std::uint32_t events, runnable_list& out) noexcept {
    slot* s = current(d);
    if (!s) return;
    const auto tag = tag_of(d.generation);
    if (events & means_read) {
      if (io_op* op = s->direction(io_direction::read).deliver(tag, (events & means_end) != 0)) out.push_back(*op);
    }
    if (events & means_write) {
      if (io_op* op = s->direction(io_direction::write).deliver(tag)) out.push_back(*op);
    }
  }

  /// For sockets: the kernel keeps where the last packet was taken in.
  void note_arrival(descriptor d, arrivals& where) noexcept {
    const slot* s = current(d);
    if (!s) return;
    int cpu = -1;
    socklen_t size = sizeof cpu;
    // order: a hint: a detach() meanwhile makes it another socket's processor, or none.
    if (::getsockopt(s->fd.load(relaxed), SOL_SOCKET, SO_INCOMING_CPU, &cpu, &size) == 0) where.note(cpu);
  }

  /// The event is raised exactly while wakes_ > 0. A poll that did not block leaves the wake to one that does.
  void take_wake(bool blocked) noexcept {
    // order: I4: pairs with wake().
    if (!blocked || wakes_.fetch_sub(1, acq_rel) > 1) raise();
  }

  void raise() noexcept {
    const std::uint64_t one = 1;
    const int saved = errno;
    // 2^64 - 2 wakes would have to come before this could fail.
    if (::write(wake_event_.get(), &one, sizeof one) < 0 && errno != EAGAIN)
      fatal("io", "eventfd write: errno %d", errno);
    errno = saved;
  }

  void watch(int fd, std::uint32_t events, std::uint64_t data) {
    epoll_event e{};
    e.events = events;
    e.data.u64 = data;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) < 0) throw_os_error("epoll_ctl");
  }

  int wait(epoll_event* events, int capacity, nanos timeout) noexcept {
    int n = -1;
    // order: relaxed: a hint that never goes back.
    if (timeout > 0 && timeout != never && has_pwait2_.load(relaxed)) {
      const timespec limit{static_cast<time_t>(timeout / nanos_per_second),
                           static_cast<long>(timeout % nanos_per_second)};
      n = ::epoll_pwait2(epoll_.get(), events, capacity, &limit, nullptr);
      if (n < 0 && errno == ENOSYS) has_pwait2_.store(false, relaxed);  // before Linux 5.11
      if (n >= 0 || errno == EINTR) return std::max(n, 0);
    }
    n = ::epoll_wait(epoll_.get(), events, capacity, to_milliseconds(timeout));
    if (n < 0 && errno != EINTR) fatal("io", "epoll_wait: errno %d", errno);
    return std::max(n, 0);
  }

  /// Rounded up: to return late is allowed, to spin through the last millisecond is not.
  static int to_milliseconds(nanos timeout) noexcept {
    if (timeout == never) return -1;
    if (timeout <= 0) return 0;
    constexpr nanos most = 24LL * 3600 * 1000;
    return static_cast<int>(std::min(most, (timeout - 1) / nanos_per_ms + 1));
  }

  unique_fd epoll_;
  unique_fd wake_event_;
  std::atomic<bool> has_pwait2_{true};
  slot_table slots_;
  alignas(cache_line) std::atomic<std::uint32_t> wakes_{0};
};

}  // namespace

std::unique_ptr<reactor> reactor::make() { return std::make_unique<epoll_reactor>(); }

}  // namespace hocket::rt
