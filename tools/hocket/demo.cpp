// hocket demo: what CPU work does to light requests beside it. A child process serves; two threads of this one load it.
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <hocket/rt/base/env.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "child_server.hpp"
#include "commands.hpp"
#include "report.hpp"

namespace hocket::tools {
namespace {

std::atomic<bool> interrupted{false};

struct phase_plan {
  std::string name;
  bool light = true;
  bool cpu = true;
};

struct phase {
  phase_plan plan;
  bool standby = true;
  load_options light_options, cpu_options;
  load_result light, cpu;
  double server_cpus = 0;  // CPU seconds of the server per second
};

class demo_run {
 public:
  explicit demo_run(const demo_command& command) : command_(command) {
    workers_ = command.workers ? command.workers : rt::process_settings().workers;
    out_ = command.json == "-" ? stderr : stdout;
    shows_progress_ = isatty(STDERR_FILENO);
  }

  int run();

 private:
  void serve_and_load(bool standby, const std::vector<phase_plan>& plans);
  phase load_once(const child_server& server, const phase_plan& plan);
  load_options light_options(const child_server& server) const;
  load_options cpu_options(const child_server& server) const;
  void print_table() const;
  void print_row(const std::string& title, const std::function<std::string(const phase&)>& cell) const;
  nlohmann::ordered_json json() const;
  std::string cpu_target() const { return command_.cpu == "fib" ? "/fib?n=25" : "/hash?ms=5"; }

  const demo_command& command_;
  unsigned workers_;
  std::FILE* out_;
  bool shows_progress_;
  std::vector<phase> phases_;
};

int demo_run::run() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted.store(true); };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);

  std::vector<phase_plan> plans = {{.name = "light alone", .cpu = false}, {.name = "light + CPU"}};
  if (command_.cpu_alone) plans.push_back({.name = "CPU alone", .light = false});
  std::fprintf(
      out_,
      "%u workers, %g s a phase; light: GET / at %g/s on %u connections; CPU: GET %s, as many as %u connections take\n",
      workers_, command_.seconds, command_.rate, command_.connections, cpu_target().c_str(), 2 * workers_);
  std::fflush(out_);
  serve_and_load(true, plans);
  if (command_.standby_compare && !interrupted) serve_and_load(false, {{.name = "standby off"}});
  if (interrupted) {
    std::fprintf(stderr, "hocket demo: stopped\n");
    return 130;
  }

  print_table();
  bool complete = true;
  for (const phase& p : phases_) {
    for (const load_result* result : {&p.light, &p.cpu}) {
      if (!result->fatal.empty())
        std::fprintf(stderr, "hocket demo: %s: %s\n", p.plan.name.c_str(), result->fatal.c_str());
      for (const auto& [kind, times] : result->errors)
        std::fprintf(stderr, "hocket demo: %s: %s: %llu\n", p.plan.name.c_str(), kind.c_str(),
                     static_cast<unsigned long long>(times));
    }
    complete = complete && (!p.plan.light || p.light.answered > 0) && (!p.plan.cpu || p.cpu.answered > 0);
  }
  if (!command_.json.empty() && !write_json(command_.json, json())) return 1;
  return complete ? 0 : 1;
}

void demo_run::serve_and_load(bool standby, const std::vector<phase_plan>& plans) {
  std::vector<std::string> arguments;
  if (command_.workers) arguments = {"--workers", std::to_string(command_.workers)};
  const child_server server(arguments, {{"HOCKET_STANDBY", standby ? "1" : "0"}});
  for (const phase_plan& plan : plans) {
    if (interrupted) return;
    phase p = load_once(server, plan);
    p.standby = standby;
    phases_.push_back(std::move(p));
    if (!server.alive()) throw std::runtime_error("the server ended by itself in the phase '" + plan.name + "'");
  }
}

load_options demo_run::light_options(const child_server& server) const {
  load_options o;
  o.target = parse_url(server.url() + "/");
  o.connections = command_.connections;
  o.rate = command_.rate;
  o.seconds = command_.seconds;
  return o;
}

load_options demo_run::cpu_options(const child_server& server) const {
  load_options o;
  o.target = parse_url(server.url() + cpu_target());
  o.connections = 2 * workers_;  // one is being computed for each worker, one waits
  o.seconds = command_.seconds;
  return o;
}

phase demo_run::load_once(const child_server& server, const phase_plan& plan) {
  phase p;
  p.plan = plan;
  p.light_options = light_options(server);
  p.cpu_options = cpu_options(server);
  std::atomic<std::uint64_t> light_answered{0}, cpu_answered{0};
  std::atomic<int> running{0};
  std::vector<std::thread> threads;
  std::exception_ptr failure[2];
  const auto start = [&](int index, const load_options& options, load_result& result,
                         std::atomic<std::uint64_t>& answered) {
    running.fetch_add(1);
    threads.emplace_back([&, index] {
      try {
        result = run_load(options, interrupted, [&](std::uint64_t count, double) { answered.store(count); });
      } catch (...) {
        failure[index] = std::current_exception();
      }
      running.fetch_sub(1);
    });
  };

  const double warmup = p.light_options.warmup_seconds;
  const rt::nanos begin = rt::steady_now();
  if (plan.cpu) start(0, p.cpu_options, p.cpu, cpu_answered);
  if (plan.light) start(1, p.light_options, p.light, light_answered);
  double cpu_at_start = -1, measured_from = 0;
  while (running.load() > 0) {
    ::usleep(100'000);
    const double seconds = static_cast<double>(rt::steady_now() - begin) / 1e9 - warmup;
    if (cpu_at_start < 0 && seconds >= 0) {
      cpu_at_start = server.cpu_seconds();
      measured_from = seconds;
    }
    if (cpu_at_start >= 0 && seconds <= command_.seconds + 0.05)
      p.server_cpus = seconds > measured_from ? (server.cpu_seconds() - cpu_at_start) / (seconds - measured_from) : 0;
    if (shows_progress_)
      std::fprintf(stderr, "\r  %-12s %4.1f of %g s   light %llu   CPU %llu   ", plan.name.c_str(),
                   std::max(seconds, 0.0), command_.seconds, static_cast<unsigned long long>(light_answered.load()),
                   static_cast<unsigned long long>(cpu_answered.load()));
  }
  for (std::thread& t : threads) t.join();
  if (shows_progress_) std::fprintf(stderr, "\r%70s\r", "");
  for (const std::exception_ptr& e : failure) {
    if (e) std::rethrow_exception(e);
  }
  if (!interrupted) {
    std::fprintf(out_, "  %s: done\n", plan.name.c_str());
    std::fflush(out_);
  }
  return p;
}

void demo_run::print_row(const std::string& title, const std::function<std::string(const phase&)>& cell) const {
  std::fprintf(out_, "%-24s", title.c_str());
  for (const phase& p : phases_) std::fprintf(out_, "%14s", cell(p).c_str());
  std::fprintf(out_, "\n");
}

void demo_run::print_table() const {
  const auto light = [](std::function<std::string(const load_result&)> text) {
    return [text = std::move(text)](const phase& p) { return p.plan.light ? text(p.light) : std::string("-"); };
  };
  const auto percentile = [&](double percent) {
    return light([=](const load_result& r) { return as_time(r.latency.percentile(percent)); });
  };
  std::fprintf(out_, "\n");
  print_row("", [](const phase& p) { return p.plan.name; });
  print_row("light requests/s", light([](const load_result& r) { return as_number(r.rate()); }));
  print_row("  p50", percentile(50));
  print_row("  p99", percentile(99));
  print_row("  p99.9", percentile(99.9));
  print_row("  failed or unanswered", light([](const load_result& r) {
              return std::to_string(r.failed() + r.refused_by_status + r.unanswered);
            }));
  print_row(command_.cpu + " requests/s",
            [](const phase& p) { return p.plan.cpu ? as_number(p.cpu.rate()) : std::string("-"); });
  print_row("  p50",
            [](const phase& p) { return p.plan.cpu ? as_time(p.cpu.latency.percentile(50)) : std::string("-"); });
  print_row("server's CPUs, of " + std::to_string(rt::process_settings().cpus.usable), [](const phase& p) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", p.server_cpus);
    return std::string(text);
  });
  std::fprintf(out_,
               "\nLatency counts from the moment a request was due. The load generator runs on the same CPUs; it was "
               "late itself by p99");
  for (const phase& p : phases_) {
    if (p.plan.light) std::fprintf(out_, " %s", as_time(p.light.lag.percentile(99)).c_str());
  }
  std::fprintf(out_, ".\n");
}

nlohmann::ordered_json demo_run::json() const {
  nlohmann::ordered_json out;
  utsname system{};
  uname(&system);
  out["version"] = HOCKET_VERSION_TEXT;
  out["kernel"] = system.release;
  out["cpus"] = rt::process_settings().cpus.describe();
  out["workers"] = workers_;
  out["seconds"] = command_.seconds;
  out["phases"] = nlohmann::ordered_json::array();
  for (const phase& p : phases_) {
    nlohmann::ordered_json one;
    one["name"] = p.plan.name;
    one["standby"] = p.standby;
    one["server_cpus"] = p.server_cpus;
    if (p.plan.light) one["light"] = as_json(p.light_options, p.light);
    if (p.plan.cpu) one["cpu"] = as_json(p.cpu_options, p.cpu);
    out["phases"].push_back(one);
  }
  return out;
}

}  // namespace

int demo(const demo_command& command) { return demo_run(command).run(); }

}  // namespace hocket::tools
