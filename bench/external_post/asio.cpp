// external_post: asio::post.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = external_post::parse(argc, argv);
  asio::io_context io(static_cast<int>(o.workers));
  auto busy = asio::make_work_guard(io);
  std::thread poster([&] {
    external_post::countdown jobs;
    external_post::measure(o, jobs, [&] { asio::post(io, [&] { jobs.run_one(); }); });
    busy.reset();
  });
  bench::run_threads(io, o.workers);
  poster.join();
}
