#include "routes.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/parallel.hpp>
#include <hocket/loop/sleep.hpp>
#include <hocket/loop/when_all.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/random.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#if defined(HOCKET_TOOL_HAS_TBB)
#include <hocket/tbb/parallel_for.hpp>
#include <hocket/tbb/parallel_sort.hpp>
#endif

namespace hocket::tools {
namespace {

using http::Request;
using http::Response;

constexpr long most_sleep_ms = 60'000, most_hash_ms = 10'000, most_fib = 35, most_sort = 10'000'000;

struct route {
  std::string_view path;
  const char* what;
};
constexpr route routes[] = {
    {"/", "this list"},
    {"/sleep?ms=100", "answers after so many milliseconds (0 to 60000), and holds nobody up"},
    {"/fib?n=20", "forks a tree of coroutines over the workers (n from 0 to 35)"},
    {"/hash?ms=5", "a plain function that computes for so many milliseconds (0 to 10000) and never suspends"},
#if defined(HOCKET_TOOL_HAS_TBB)
    {"/sort?n=100000", "makes so many numbers (0 to 10000000) and sorts them by oneTBB on the workers"},
#endif
    {"/echo?text", "gives back the body of a POST, or the query"},
    {"/stats", "what each worker did so far, as JSON"},
};

/// A query parameter that is a whole number from 0 to `most`; `fallback` when it is not there. Empty when it is
/// anything else.
std::optional<long> number(const Request& request, std::string_view name, long fallback, long most) {
  const auto text = request.query(name);
  if (!text) return request.query().empty() ? std::optional(fallback) : std::nullopt;
  long value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (text->empty() || error != std::errc{} || end != text->data() + text->size() || value < 0 || value > most)
    return std::nullopt;
  return value;
}

Response bad_parameter(std::string_view path, std::string_view name, long most) {
  return Response(400, std::string(path) + " takes ?" + std::string(name) + "=N, a whole number from 0 to " +
                           std::to_string(most) + "\n");
}

Response method_not_allowed(const char* allowed) {
  Response r(405, std::string("only ") + allowed + " here\n");
  r.headers.emplace_back("Allow", allowed);
  return r;
}

nlohmann::ordered_json worker_json(const rt::worker_figures& w) {
  return {{"runs", w.runs},   {"steals", w.steals},       {"parks", w.parks},
          {"polls", w.polls}, {"io_events", w.io_events}, {"timers_fired", w.timers_fired}};
}

#if defined(HOCKET_TOOL_HAS_TBB)
Coro<std::string> sort_numbers(std::size_t n);
#endif

class answerer {
 public:
  explicit answerer(route_options options) : options_(std::move(options)), started_(rt::steady_now()) {}

  Coro<Response> operator()(const Request& request) const {
    const std::string_view path = request.path();
    const bool reads = request.method() == "GET" || request.method() == "HEAD";
    if (path == "/echo") co_return echo(request, reads);
    if (!reads) co_return known(path) ? method_not_allowed("GET, HEAD") : not_found();
    if (path == "/") co_return Response(route_list());
    if (path == "/stats") co_return Response::json(stats());
    if (path == "/sleep") {
      const auto ms = number(request, "ms", 100, most_sleep_ms);
      if (!ms) co_return bad_parameter(path, "ms", most_sleep_ms);
      co_await sleep(static_cast<double>(*ms) / 1000);
      co_return Response("slept " + std::to_string(*ms) + " ms\n");
    }
    if (path == "/fib") {
      const auto n = number(request, "n", 20, most_fib);
      if (!n) co_return bad_parameter(path, "n", most_fib);
      const std::uint64_t value = co_await fib(static_cast<int>(*n));
      co_return Response("fib(" + std::to_string(*n) + ") = " + std::to_string(value) + "\n");
    }
    if (path == "/hash") {
      const auto ms = number(request, "ms", 5, most_hash_ms);
      if (!ms) co_return bad_parameter(path, "ms", most_hash_ms);
      if (options_.inline_hash) co_return Response(burn(static_cast<double>(*ms)));
      std::string text = co_await parallel(burn, static_cast<double>(*ms));
      co_return Response(std::move(text));
    }
#if defined(HOCKET_TOOL_HAS_TBB)
    if (path == "/sort") {
      const auto n = number(request, "n", 100'000, most_sort);
      if (!n) co_return bad_parameter(path, "n", most_sort);
      std::string text = co_await sort_numbers(static_cast<std::size_t>(*n));
      co_return Response(std::move(text));
    }
#endif
    co_return not_found();
  }

 private:
  static bool known(std::string_view path) {
    for (const route& r : routes) {
      if (r.path.substr(0, r.path.find('?')) == path) return true;
    }
    return false;
  }

  static Response not_found() { return Response(404, "there is no such path; / lists those that are\n"); }

  static Response echo(const Request& request, bool reads) {
    if (reads) return Response(std::string(request.query()) + "\n");
    if (request.method() != "POST") return method_not_allowed("GET, HEAD, POST");
    const auto type = request.header("Content-Type");
    return Response(200, std::string(request.body()), std::string(type.value_or("application/octet-stream")));
  }

  std::string stats() const {
    const rt::scheduler& scheduler = running_loop().sched();
    const rt::scheduler_counters counters = scheduler.counters();
    const http::ServerFigures figures = options_.figures ? options_.figures() : http::ServerFigures();
    nlohmann::ordered_json out;
    out["seconds"] = static_cast<double>(rt::steady_now() - started_) / 1e9;
    out["server"] = {{"connections", figures.connections}, {"accepted", figures.accepted},
                     {"turned_away", figures.turned_away}, {"requests", figures.requests},
                     {"refused", figures.refused},         {"handler_errors", figures.handler_errors},
                     {"timeouts", figures.timeouts}};
    out["workers"] = nlohmann::ordered_json::array();
    for (const rt::worker_figures& w : counters.workers) out["workers"].push_back(worker_json(w));
    out["standby"] = worker_json(counters.standby);
    out["standby"]["activations"] = counters.standby_activations;
    return out.dump(2) + "\n";
  }

  route_options options_;
  rt::nanos started_;
};

#if defined(HOCKET_TOOL_HAS_TBB)
/// Makes and sorts n numbers; says the least and the greatest, and how long the sort took.
Coro<std::string> sort_numbers(std::size_t n) {
  std::vector<std::uint64_t> numbers(n);
  const auto make = [&numbers](std::size_t i) {
    std::uint64_t seed = i;
    numbers[i] = rt::splitmix64(seed);
  };
  co_await parallel_for(std::size_t{0}, n, make);
  const rt::nanos start = rt::steady_now();
  co_await parallel_sort(numbers.begin(), numbers.end());
  const double ms = static_cast<double>(rt::steady_now() - start) / 1e6;
  if (!std::is_sorted(numbers.begin(), numbers.end())) throw RuntimeError("the numbers are not in order");
  char text[120];
  std::snprintf(text, sizeof text, "sorted %zu numbers in %.3f ms: %016llx to %016llx\n", n, ms,
                static_cast<unsigned long long>(n ? numbers.front() : 0),
                static_cast<unsigned long long>(n ? numbers.back() : 0));
  co_return text;
}
#endif

double thread_cpu_ms() { return static_cast<double>(rt::clock_now(CLOCK_THREAD_CPUTIME_ID)) / rt::nanos_per_ms; }

}  // namespace

http::Handler make_routes(route_options options) { return answerer(std::move(options)); }

std::string route_list() {
  std::string out = "hocket serve\n\n";
  for (const route& r : routes) {
    char line[160];
    std::snprintf(line, sizeof line, "  %-15s %s\n", std::string(r.path).c_str(), r.what);
    out += line;
  }
  return out;
}

std::string burn(double milliseconds) {
  constexpr int mixes_in_a_round = 10'000;  // between two looks at the clock: about 10 us
  const double end = thread_cpu_ms() + milliseconds;
  std::uint64_t hash = 0x9e3779b97f4a7c15, rounds = 0;
  while (thread_cpu_ms() < end) {
    for (int i = 0; i < mixes_in_a_round; ++i) {  // splitmix64's mix, each from the last
      hash += 0x9e3779b97f4a7c15;
      hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
      hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
      hash ^= hash >> 31;
    }
    ++rounds;
  }
  char text[80];
  std::snprintf(text, sizeof text, "%016llx after %llu rounds\n", static_cast<unsigned long long>(hash),
                static_cast<unsigned long long>(rounds));
  return text;
}

Coro<std::uint64_t> fib(int n) {
  if (n < 2) co_return static_cast<std::uint64_t>(n);
  const auto both = co_await when_all(fib(n - 1), fib(n - 2));
  co_return std::get<0>(both) + std::get<1>(both);
}

}  // namespace hocket::tools
