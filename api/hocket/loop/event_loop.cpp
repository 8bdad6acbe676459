#include <hocket/loop/event_loop.hpp>

#include <hocket/loop/fd_watch.hpp>
#include <hocket/loop/generator_book.hpp>
#include <hocket/loop/signal_watch.hpp>
#include <hocket/rt/base/env.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket {
namespace {

EventLoop& loop_of_thread() {
  thread_local EventLoop loop;
  return loop;
}

const char* python_bool(bool b) { return b ? "True" : "False"; }

}  // namespace

loop_state& EventLoop::state() const {
  if (!state_) throw RuntimeError("this handle is empty: it refers to no event loop");
  return *state_;
}

void EventLoop::guarded_run::until(future_core* f) {
  try {
    f ? claim_.until_done(*f) : claim_.until_stopped();
  } catch (const RuntimeError&) {
    if (guard_.count() == 0) throw;
  }
  if (guard_.count() > 0 && !(f && f->is_done())) throw KeyboardInterrupt();
}

Coro<> EventLoop::shutdown_asyncgens() const { return state().generators().shut_down(); }

void EventLoop::add_reader(int fd, Callback fn) const {
  state().descriptors().add(fd, rt::io_direction::read, std::move(fn.fn), fn.where);
}

bool EventLoop::remove_reader(int fd) const { return state().descriptors().remove(fd, rt::io_direction::read); }

void EventLoop::add_writer(int fd, Callback fn) const {
  state().descriptors().add(fd, rt::io_direction::write, std::move(fn.fn), fn.where);
}

bool EventLoop::remove_writer(int fd) const { return state().descriptors().remove(fd, rt::io_direction::write); }

void EventLoop::add_signal_handler(int signal, Callback fn) const {
  state().signals().add(signal, std::move(fn.fn), fn.where);
}

bool EventLoop::remove_signal_handler(int signal) const { return state().signals().remove(signal); }

std::ostream& operator<<(std::ostream& out, const EventLoop& loop) {
  return out << "<_UnixSelectorEventLoop running=" << python_bool(loop.is_running())
             << " closed=" << python_bool(loop.is_closed()) << " debug=" << python_bool(loop.get_debug()) << ">";
}

loop_state& running_loop() {
  loop_state* loop = loop_state::running_here();
  if (!loop) throw RuntimeError("no running event loop");
  return *loop;
}

double perf_counter() {
  rt::nanos now = loop_state::virtual_time_spent();
  // With HOCKET_VIRTUAL_CLOCK every loop's time is virtual, and what a program prints must not depend on the machine's
  // load.
  if (!rt::process_settings().virtual_clock) now += rt::steady_now();
  if (const loop_state* loop = loop_state::running_here(); loop && loop->sched().has_virtual_clock())
    now += loop->now();
  return static_cast<double>(now) * 1e-9;
}

EventLoop new_event_loop(RunOptions options) { return EventLoop(loop_state::make_serial(options)); }

EventLoop get_running_loop() { return EventLoop(rt::counted_ptr<loop_state>(&running_loop())); }

EventLoop get_event_loop() {
  if (loop_state* loop = loop_state::running_here()) return EventLoop(rt::counted_ptr<loop_state>(loop));
  EventLoop& own = loop_of_thread();
  if (!own) own = new_event_loop();
  return own;
}

void set_event_loop(EventLoop loop) { loop_of_thread() = std::move(loop); }

std::vector<AnyTask> all_tasks(const EventLoop& loop) {
  std::vector<AnyTask> all;
  for (auto& t : loop.state().tasks()) all.emplace_back(t);
  return all;
}

std::vector<AnyTask> all_tasks() { return all_tasks(get_running_loop()); }

}  // namespace hocket
