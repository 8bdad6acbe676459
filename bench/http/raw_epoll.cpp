// http without a library: the floor. It looks for the blank line that ends a request and nothing else, and answers what
// came together with one send.
#include <string>
#include <string_view>

#include "common/epoll_server.hpp"
#include "http/config.hpp"

namespace {

class answers {
 public:
  bool on_readable(int fd) {
    char bytes[16 * 1024];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    in_.append(bytes, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end; (end = in_.find("\r\n\r\n", begin)) != std::string::npos; begin = end + 4) {
      out_ += "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\n";
      out_ += http_bench::body;
    }
    in_.erase(0, begin);
    const bool sent =
        out_.empty() || ::send(fd, out_.data(), out_.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out_.size());
    out_.clear();
    return got > 0 && sent;
  }

 private:
  std::string in_, out_;
};

}  // namespace

int main(int argc, char** argv) { bench::epoll_server<answers>::run(bench::parse(argc, argv, 1).workers); }
