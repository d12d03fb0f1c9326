// The namespaces of the echo server's Socket.IO: `/` with handlers that exercise each feature,
// `/custom`, and `/denied` that lets nobody in. One core thread.
#pragma once

#include <string>

#include "socketio/namespace.h"
#include "socketio/socket.h"

namespace echo {

// `/custom`: emits `auth` with the CONNECT payload when a client joins, and answers `whoami`.
class CustomNamespace : public socketio::NamespaceHandler {
 public:
  void on_connect(socketio::Namespace& nsp, const socketio::ConnectRequest& request) override;
  void on_event(socketio::Socket& socket, const socketio::Event& event) override;
  void on_disconnect(socketio::Socket&, socketio::DisconnectReason) override {}
};

// `/`: `message`, `message-with-ack`, `join`, `to-room`, `broadcast`, `ask-me` and `kick` besides.
class MainNamespace final : public CustomNamespace {
 public:
  void on_event(socketio::Socket& socket, const socketio::Event& event) override;
};

class DeniedNamespace final : public socketio::NamespaceHandler {
 public:
  void on_connect(socketio::Namespace& nsp, const socketio::ConnectRequest& request) override;
  void on_event(socketio::Socket&, const socketio::Event&) override {}
  void on_disconnect(socketio::Socket&, socketio::DisconnectReason) override {}
};

}  // namespace echo
