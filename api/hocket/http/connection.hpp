// One connection of an HTTP server: reads requests, has them answered, sends the answers.
#pragma once

#include <exception>
#include <hocket/http/request_parser.hpp>
#include <hocket/http/server_core.hpp>
#include <hocket/loop/coro.hpp>
#include <hocket/stream/reader.hpp>
#include <hocket/stream/writer.hpp>
#include <memory>
#include <string>

namespace hocket::http {

/// Serves a connection to its end. Each coroutine here belongs to the connection's one task.
Coro<> serve_connection(std::shared_ptr<server_core> core, StreamReader reader, StreamWriter writer);

class connection {
 public:
  connection(server_core& core, connection_entry& entry, StreamReader reader)
      : core_(core), entry_(entry), reader_(std::move(reader)), parser_(core.options.limits) {}

  /// Until one side has had enough. Throws what the connection was lost to.
  Coro<> run();

 private:
  void append_answer(const Response& response);
  void append_failure(std::exception_ptr failed);
  bool may_keep() const noexcept;
  ResponseContext context() const noexcept;
  void hand_over();
  bool begin_wait();
  Coro<> refuse();
  rt::nanos deadline(rt::nanos now);

  server_core& core_;
  connection_entry& entry_;
  StreamReader reader_;
  request_parser parser_;
  std::string out_;                                  // answers that were not yet handed to the stream
  bool keep_ = true;                                 // after the last answer
  bool told_to_go_on_ = false;                       // "100 Continue" was sent for this request
  bool first_ = true;                                // no request has come yet
  rt::nanos head_deadline_ = 0, body_deadline_ = 0;  // of the current request; 0 when not begun
};

}  // namespace hocket::http
