// The load of echo: each connection sends 64 bytes and waits for them.
#include "common/server_load.hpp"

int main(int argc, char** argv) {
  const auto q = bench::parse_load(argc, argv);
  const std::string message(64, 'x');
  bench::measure_server(q, message, [&](int) { return message.size(); });
}
