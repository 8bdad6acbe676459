// Errors of the operating system: the class, the text and the number.
#include <hocket/net/errors.hpp>

#include <gtest/gtest.h>
#include <netdb.h>

#include <cerrno>
#include <string>

#include <hocket/hocket.hpp>

namespace hocket::net {
namespace {

/// The error as `E`, which must be its type.
template <class E>
E thrown_by(int code, const std::string& text = {}) {
  try {
    throw_os_error(code, text);
  } catch (const E& e) {
    EXPECT_EQ(typeid(E), typeid(e));
    return e;
  } catch (const std::exception& e) {
    ADD_FAILURE() << e.what();
  }
  return E();
}

TEST(os_error, the_number_decides_the_class_and_can_be_asked_for) {
  EXPECT_EQ(ECONNRESET, thrown_by<ConnectionResetError>(ECONNRESET).code());
  EXPECT_EQ(EPIPE, thrown_by<BrokenPipeError>(EPIPE).code());
  EXPECT_EQ(ESHUTDOWN, thrown_by<BrokenPipeError>(ESHUTDOWN).code());
  EXPECT_EQ(ECONNREFUSED, thrown_by<ConnectionRefusedError>(ECONNREFUSED).code());
  EXPECT_EQ(ECONNABORTED, thrown_by<ConnectionAbortedError>(ECONNABORTED).code());
  EXPECT_EQ(ETIMEDOUT, thrown_by<TimeoutError>(ETIMEDOUT).code());
  EXPECT_EQ(EMFILE, thrown_by<OSError>(EMFILE).code());
}

TEST(os_error, the_text_begins_with_the_number) {
  EXPECT_STREQ("[Errno 104] Connection reset by peer", thrown_by<ConnectionResetError>(ECONNRESET).what());
  EXPECT_STREQ("[Errno 24] too many", thrown_by<OSError>(EMFILE, "too many").what());
}

TEST(os_error, without_a_number_it_is_zero) {
  EXPECT_EQ(0, OSError("Multiple exceptions").code());
  EXPECT_EQ(0, TimeoutError().code());
  EXPECT_STREQ("Connection lost", ConnectionResetError("Connection lost").what());
}

TEST(os_error, a_port_in_use_and_a_name_without_address_say_so_by_number) {
  run([]() -> Coro<> {
    Server server = co_await start_server([](StreamReader, StreamWriter) {}, "127.0.0.1", 0);
    int in_use = 0;
    try {
      co_await start_server([](StreamReader, StreamWriter) {}, "127.0.0.1", server.port(), {.reuse_address = false});
    } catch (const OSError& e) {
      in_use = e.code();
    }
    EXPECT_EQ(EADDRINUSE, in_use);
    int no_name = 0;
    try {
      co_await open_connection("", 1);
    } catch (const gaierror& e) {
      no_name = e.code();
    }
    EXPECT_EQ(EAI_NONAME, no_name);
    server.close();
  }());
}

}  // namespace
}  // namespace hocket::net
