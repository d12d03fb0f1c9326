// The echo server for conformance suites: Engine.IO, Socket.IO and WebSocket in one process on one
// port, with a flag for every setting of the protocols.
#include <fmt/core.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "echo_server.h"
#include "runtime/core_threads.h"
#include "runtime/event_loop.h"
#include "runtime/signals.h"

namespace {

constexpr int kBadUsage = 2;

struct Flags {
  std::string listen = "127.0.0.1:3000";
  int64_t ping_interval = 300;
  int64_t ping_timeout = 200;
  int64_t upgrade_timeout = 10'000;
  int64_t connect_timeout = 1'000;
  std::size_t max_payload = 1'000'000;
  std::vector<std::string> transports = {"polling", "websocket"};
  std::vector<std::string> cors_origins = {"*"};
  bool upgrades = true;
  bool deflate = false;
};

void add_flags(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen, "HOST:PORT; port 0 picks one")->capture_default_str();
  app.add_option("--ping-interval", flags.ping_interval, "milliseconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--ping-timeout", flags.ping_timeout, "milliseconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--upgrade-timeout", flags.upgrade_timeout, "milliseconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--connect-timeout", flags.connect_timeout, "milliseconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--max-payload", flags.max_payload, "bytes")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--transports", flags.transports, "polling,websocket")
      ->delimiter(',')
      ->check(CLI::IsMember({"polling", "websocket"}));
  app.add_option("--cors-origins", flags.cors_origins, "origins, or * for any")->delimiter(',');
  app.add_flag("--upgrades,!--no-upgrades", flags.upgrades, "allow polling to become WebSocket");
  app.add_flag("--deflate", flags.deflate, "accept permessage-deflate");
}

echo::Settings settings_of(const Flags& flags) {
  const auto has = [&flags](const char* transport) {
    return std::find(flags.transports.begin(), flags.transports.end(), transport) !=
           flags.transports.end();
  };
  echo::Settings settings;
  settings.engine.ping_interval = base::Duration(flags.ping_interval);
  settings.engine.ping_timeout = base::Duration(flags.ping_timeout);
  settings.engine.upgrade_timeout = base::Duration(flags.upgrade_timeout);
  settings.engine.max_payload = flags.max_payload;
  settings.engine.max_buffered = 64U << 20;  // what is echoed may be read late
  settings.engine.polling = has("polling");
  settings.engine.websocket = has("websocket");
  settings.engine.upgrades = flags.upgrades;
  settings.engine.deflate = flags.deflate;
  settings.engine.cors.origins = flags.cors_origins;
  settings.socketio.connect_timeout = base::Duration(flags.connect_timeout);
  return settings;
}

int serve(const Flags& flags) {
  const auto address = runtime::parse_listen_address(flags.listen);
  if (!address) {
    fmt::print(stderr, "echo: {}\n", address.error().message);
    return kBadUsage;
  }
  runtime::CoreOptions options;
  options.threads = 1;
  runtime::CoreThreads threads(options);
  const echo::Settings settings = settings_of(flags);
  runtime::ListenOptions listen;
  listen.address = *address;
  const auto bound = threads.listen(listen, [&settings](unsigned, runtime::EventLoop& loop) {
    return std::make_unique<echo::EchoServer>(settings, loop);
  });
  if (!bound) {
    fmt::print(stderr, "echo: {}\n", bound.error().message);
    return kBadUsage;
  }
  runtime::EventLoop main_loop;
  const runtime::Signals signals(main_loop, {SIGINT, SIGTERM},
                                 [&main_loop](int) { main_loop.stop(); });
  threads.start();
  fmt::print(stderr, "listening on http://{}\n", bound->to_string());
  main_loop.run();
  threads.stop_accepting();
  threads.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Echoes Engine.IO, Socket.IO and WebSocket messages."};
  Flags flags;
  add_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  return serve(flags);
}
