// hocket serve: the routes of routes.cpp behind an HTTP server, in the parallel door.
//
// How it ends: Ctrl-C is asyncio's: the main task is cancelled, connections are closed, the exit status is 130.
// SIGTERM, which service managers send, does the same with exit status 0. A second Ctrl-C ends the process at once.
// Where SIGINT is ignored, as in a shell's background jobs, it stays so.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <hocket/http/server.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/run.hpp>
#include <hocket/loop/task.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "commands.hpp"
#include "routes.hpp"

namespace hocket::tools {
namespace {

/// Hears SIGTERM, and then calls what it was given. Made before any other thread, so that all inherit the blocked
/// SIGTERM.
class terminate_watch {
 public:
  terminate_watch() {
    sigset_t all;
    sigfillset(&all);
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { watch(); });
    sigaddset(&before, SIGTERM);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  terminate_watch(const terminate_watch&) = delete;
  terminate_watch& operator=(const terminate_watch&) = delete;
  ~terminate_watch() {
    done_.store(true);
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }

  /// Calls `fn` on another thread when SIGTERM comes; at once, when it has come already. Null: nothing is called any
  /// more.
  void on_terminate(std::function<void()> fn) {
    const std::lock_guard lock(mutex_);
    if (terminated_ && fn) fn();
    fn_ = std::move(fn);
  }

  bool terminated() const {
    const std::lock_guard lock(mutex_);
    return terminated_;
  }

 private:
  void watch() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    for (;;) {
      int signal = 0;
      sigwait(&wanted, &signal);
      if (done_.load()) return;
      const std::lock_guard lock(mutex_);
      terminated_ = true;
      if (fn_) fn_();
    }
  }

  std::atomic<bool> done_{false};
  mutable std::mutex mutex_;
  // guarded by mutex_
  bool terminated_ = false;
  std::function<void()> fn_;
  std::thread thread_;
};

Coro<> serve_until_cancelled(const serve_command& command, terminate_watch& watch, http::ServerFigures& at_end) {
  watch.on_terminate([main = current_task()] { main.cancel(); });
  http::ServerOptions options;
  options.max_connections = command.max_connections;
  auto server = std::make_shared<std::optional<http::Server>>();  // the routes tell its figures, and are made before it
  route_options routes;
  routes.inline_hash = command.inline_hash;
  routes.figures = [weak = std::weak_ptr(server)] {
    const auto held = weak.lock();
    return held && *held ? (*held)->figures() : http::ServerFigures();
  };
  *server = co_await http::serve(make_routes(routes), command.host, static_cast<int>(command.port), options);

  const rt::scheduler& scheduler = running_loop().sched();
  std::printf("listening on %s/\n", (*server)->url().c_str());
  if (!command.quiet)
    std::printf("%u workers, standby %s; %sCtrl-C stops it\n", scheduler.workers(),
                scheduler.plan().standby ? "on" : "off",
                command.inline_hash ? "/hash in the request's own task; " : "");
  std::fflush(stdout);

  std::exception_ptr ended;
  try {
    co_await (*server)->serve_forever();
  } catch (...) {
    ended = std::current_exception();
  }
  at_end = (*server)->figures();
  server->reset();
  watch.on_terminate(nullptr);
  std::rethrow_exception(ended);
}

}  // namespace

int serve(const serve_command& command) {
  terminate_watch watch;
  const rt::nanos started = rt::steady_now();
  http::ServerFigures figures;
  RunOptions options;
  options.workers = command.workers;
  try {
    run_parallel(serve_until_cancelled(command, watch, figures), options);
    return 0;
  } catch (const OSError& e) {
    std::fprintf(stderr, "hocket serve: %s\n", e.what());
    return 1;
  } catch (const KeyboardInterrupt&) {
    // said below
  } catch (const CancelledError&) {
    // likewise
  }
  if (!command.quiet) {
    std::printf("%sstopped after %.1f s: %llu requests on %llu connections", isatty(STDOUT_FILENO) ? "\n" : "",
                static_cast<double>(rt::steady_now() - started) / 1e9,
                static_cast<unsigned long long>(figures.requests), static_cast<unsigned long long>(figures.accepted));
    if (figures.refused) std::printf(", %llu refused", static_cast<unsigned long long>(figures.refused));
    if (figures.turned_away) std::printf(", %llu turned away", static_cast<unsigned long long>(figures.turned_away));
    if (figures.timeouts) std::printf(", %llu timed out", static_cast<unsigned long long>(figures.timeouts));
    std::printf("\n");
    std::fflush(stdout);
  }
  return watch.terminated() ? 0 : 130;
}

}  // namespace hocket::tools
