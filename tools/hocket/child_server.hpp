// A `hocket serve` as a child process: started on a free port, found by the URL it prints, ended with its owner.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include <hocket/rt/base/fd.hpp>

namespace hocket::tools {

class child_server {
 public:
  /// Starts this very program with `serve --port 0 --quiet` and `arguments`, and the given variables set. Waits until
  /// it listens. Throws std::runtime_error when it does not within 20 s. Call while this process has one thread.
  child_server(const std::vector<std::string>& arguments,
               const std::vector<std::pair<std::string, std::string>>& environment);
  child_server(const child_server&) = delete;
  child_server& operator=(const child_server&) = delete;
  /// SIGTERM, and SIGKILL when that has not ended it within 3 s.
  ~child_server() { stop(); }

  /// "http://127.0.0.1:PORT"
  const std::string& url() const noexcept { return url_; }
  /// CPU seconds that it has used, in user and kernel; 0 when it is gone.
  double cpu_seconds() const;
  bool alive() const;

 private:
  void read_url();
  void stop() noexcept;

  pid_t pid_ = -1;
  rt::unique_fd output_;
  std::string url_;
};

}  // namespace hocket::tools
