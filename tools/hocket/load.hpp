// A load generator for HTTP/1.1: one thread, one epoll, no part of the runtime that it measures.
//
// Open loop (rate > 0): requests are due at times drawn beforehand, whether the server keeps up or not. A request that
// finds every connection busy waits in the generator, and its latency counts from the moment it was due: no coordinated
// omission. What is unanswered at the end is counted as such and enters the histogram with the age it had reached.
// Closed loop (rate 0): every connection sends its next request when the last is answered; latency counts from the
// send.
//
// All is bounded: connections, pipeline, the queue of due requests, run time, and a time limit per request.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "arrivals.hpp"
#include "histogram.hpp"
#include "url.hpp"

namespace hocket::tools {

struct load_options {
  url target;
  std::string method = "GET";
  std::string body;
  std::vector<std::string> headers;  // "Name: value"
  unsigned connections = 32;
  double rate = 0;  // requests per second; 0: closed loop
  arrival_kind arrival = arrival_kind::poisson;
  double seconds = 10;
  double warmup_seconds = 1;    // before `seconds`; not counted
  double timeout_seconds = 10;  // of one request, counted from its send
  unsigned pipeline = 1;        // requests in flight on one connection
  std::uint64_t seed = 1;
};

struct load_result {
  std::uint64_t answered = 0;           // status 200 to 399
  std::uint64_t refused_by_status = 0;  // any other status: answered, not counted in `answered`
  std::map<int, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t> errors;  // "connection reset", "timeout", ...: requests that got no answer
  std::uint64_t answered_in_time = 0;           // while the clock ran: what rate() counts
  std::uint64_t unanswered = 0;                 // due, and neither answered nor failed when the run ended
  std::uint64_t reconnects = 0;  // a connection that the server had closed between requests was opened again
  std::uint64_t body_bytes = 0;
  double seconds = 0;  // the time over which all this was counted
  histogram latency;   // of answered, refused and unanswered requests
  histogram lag;       // open loop: how late the generator itself was with a request that a connection was free for
  std::string fatal;   // set: the run could not start or was given up; one line

  std::uint64_t failed() const;  // requests that ended in an error
  double rate() const { return seconds > 0 ? static_cast<double>(answered_in_time) / seconds : 0.0; }
};

/// Called about four times a second, with the answered requests and the seconds since the warm-up ended (negative
/// before).
using load_progress = std::function<void(std::uint64_t answered, double seconds)>;

/// Runs the load to its end, or until `stop` becomes true. Throws std::system_error when it cannot make its
/// descriptors.
load_result run_load(const load_options& options, const std::atomic<bool>& stop, const load_progress& progress = {});

}  // namespace hocket::tools
