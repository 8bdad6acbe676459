// The load of http: each connection sends a GET, or --pipeline of them at once, and waits for the answers.
#include "common/server_load.hpp"

namespace {

const std::string request = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// The size of the answer to a first request, which must be a good one; all others are alike.
std::size_t answer_bytes(int port) {
  const int fd = bench::closed_loop::connect_to(port);
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) bench::closed_loop::fail("send");
  std::string answer;
  std::size_t wanted = 0;
  while (wanted == 0 || answer.size() < wanted) {
    char bytes[4096];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) bench::closed_loop::fail("recv");
    answer.append(bytes, static_cast<std::size_t>(got));
    const std::size_t head = answer.find("\r\n\r\n");
    if (wanted != 0 || head == std::string::npos) continue;
    for (char& c : answer) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    const std::size_t length = answer.find("content-length: ");
    if (!answer.starts_with("http/1.1 200 ") || length > head) {
      std::fprintf(stderr, "not the answer that was expected: %s\n", answer.c_str());
      std::exit(1);
    }
    wanted = head + 4 + static_cast<std::size_t>(std::atol(answer.c_str() + length + 16));
  }
  ::close(fd);
  return wanted;
}

}  // namespace

int main(int argc, char** argv) { bench::measure_server(bench::parse_load(argc, argv), request, answer_bytes); }
