// TunnelSession: a connection that was made a tunnel. Its bytes pass as they are.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "net/tunnel.h"
#include "runtime/connection.h"
#include "runtime/session.h"

namespace runtime {

class TunnelSession final : public Session, public net::Tunnel {
 public:
  TunnelSession(Connection& connection, net::TunnelHandler& handler)
      : connection_(connection), handler_(handler) {}

  // -- Session
  void on_input(std::span<char> bytes) override {
    handler_.on_tunnel_bytes({bytes.data(), bytes.size()});
  }
  [[nodiscard]] bool wants_input() const override { return !held_; }
  void on_resume() override {}
  void on_drained() override { handler_.on_tunnel_drained(); }
  void on_timeout() override {}
  void on_shutdown() override {}
  void on_lost() override { handler_.on_tunnel_closed(); }

  // -- net::Tunnel
  void send(std::string_view bytes) override { connection_.send(base::SharedBytes(bytes)); }
  [[nodiscard]] std::size_t backlog() const override { return connection_.backlog(); }
  void want_drained() override { connection_.want_drained(); }
  void hold_input(bool hold) override {
    if (held_ && !hold) connection_.resume_soon();
    held_ = hold;
  }
  void finish() override { connection_.finish(); }

 private:
  Connection& connection_;
  net::TunnelHandler& handler_;
  bool held_ = false;
};

}  // namespace runtime
