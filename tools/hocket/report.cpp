#include "report.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

namespace hocket::tools {
namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string three_digits(double value) { return fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0); }

std::string latency_line(const histogram& h) {
  return "p50 " + as_time(h.percentile(50)) + "   p90 " + as_time(h.percentile(90)) + "   p99 " +
         as_time(h.percentile(99)) + "   p99.9 " + as_time(h.percentile(99.9)) + "   max " + as_time(h.max());
}

nlohmann::ordered_json histogram_json(const histogram& h) {
  nlohmann::ordered_json out;
  out["count"] = h.count();
  out["mean"] = h.mean() / 1e6;
  for (const auto& [name, percent] : {std::pair{"p50", 50.0}, {"p90", 90.0}, {"p99", 99.0}, {"p99.9", 99.9}})
    out[name] = static_cast<double>(h.percentile(percent)) / 1e6;
  out["max"] = static_cast<double>(h.max()) / 1e6;
  return out;
}

}  // namespace

std::string as_time(std::int64_t nanoseconds) {
  const double ms = static_cast<double>(nanoseconds) / 1e6;
  if (ms >= 1000) return three_digits(ms / 1000) + " s";
  return three_digits(ms) + " ms";
}

std::string as_number(double value) { return fixed(value, value < 100 ? 1 : 0); }

std::string as_rate(double per_second) { return as_number(per_second) + "/s"; }

std::string as_text(const load_options& options, const load_result& result) {
  std::string out;
  out += options.method + " http://" + options.target.authority() + options.target.target + ", " +
         std::to_string(options.connections) + (options.connections == 1 ? " connection" : " connections");
  if (options.pipeline > 1) out += ", " + std::to_string(options.pipeline) + " in flight on each";
  if (options.rate > 0) {
    out += ", open loop: " + as_rate(options.rate) +
           (options.arrival == arrival_kind::poisson ? " (Poisson)" : " (constant)");
  } else {
    out += ", closed loop";
  }
  out += ", " + fixed(result.seconds, 1) + " s\n";
  out += "  answered   " + std::to_string(result.answered) + " (" + as_rate(result.rate()) + ")\n";
  out += "  latency    " + latency_line(result.latency) + "\n";
  if (options.rate > 0)
    out += "  generator  late by p50 " + as_time(result.lag.percentile(50)) + ", p99 " +
           as_time(result.lag.percentile(99)) + ", max " + as_time(result.lag.max()) + " (part of the latency above)\n";
  for (const auto& [status, times] : result.statuses) {
    if (status < 200 || status >= 400)
      out += "  status     " + std::to_string(status) + ": " + std::to_string(times) + "\n";
  }
  for (const auto& [kind, times] : result.errors) out += "  error      " + kind + ": " + std::to_string(times) + "\n";
  if (result.unanswered)
    out += "  unanswered " + std::to_string(result.unanswered) + " (in the latency with the age they had reached)\n";
  if (result.reconnects)
    out += "  reopened   " + std::to_string(result.reconnects) + " connections that the server had closed\n";
  return out;
}

nlohmann::ordered_json as_json(const load_options& options, const load_result& result) {
  nlohmann::ordered_json out;
  out["url"] = "http://" + options.target.authority() + options.target.target;
  out["method"] = options.method;
  out["connections"] = options.connections;
  out["pipeline"] = options.pipeline;
  out["loop"] = options.rate > 0 ? "open" : "closed";
  if (options.rate > 0) {
    out["rate_wanted"] = options.rate;
    out["arrivals"] = options.arrival == arrival_kind::poisson ? "poisson" : "constant";
    out["seed"] = options.seed;
  }
  out["seconds"] = result.seconds;
  out["requests_per_second"] = result.rate();
  out["answered"] = result.answered;
  out["refused_by_status"] = result.refused_by_status;
  out["failed"] = result.failed();
  out["unanswered"] = result.unanswered;
  out["reconnects"] = result.reconnects;
  out["body_bytes"] = result.body_bytes;
  out["statuses"] = nlohmann::ordered_json::object();
  for (const auto& [status, times] : result.statuses) out["statuses"][std::to_string(status)] = times;
  out["errors"] = nlohmann::ordered_json::object();
  for (const auto& [kind, times] : result.errors) out["errors"][kind] = times;
  out["latency_ms"] = histogram_json(result.latency);
  if (options.rate > 0) out["generator_lag_ms"] = histogram_json(result.lag);
  return out;
}

bool write_json(const std::string& file, const nlohmann::ordered_json& value) {
  const std::string text = value.dump(2) + "\n";
  std::FILE* out = file == "-" ? stdout : std::fopen(file.c_str(), "w");
  const bool written = out && std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::fflush(out) == 0;
  if (!written) std::fprintf(stderr, "hocket: cannot write '%s': %s\n", file.c_str(), std::strerror(errno));
  if (out && out != stdout) std::fclose(out);
  return written;
}

}  // namespace hocket::tools
