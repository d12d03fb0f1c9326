// Swarm: thousands of Socket.IO clients over WebSocket on one epoll set, as a browser's client
// behaves on the wire: HTTP upgrade, Engine.IO open, CONNECT with auth, then events with
// acknowledgements; pings are answered.
//
// A client has the index of its user and is named by it. One thread calls everything; the listener
// is called from within poll() only, and may call the swarm. What the kernel does not take at once
// is kept and written later.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/contact_graph.h"
#include "bench/notification.h"

namespace bench {

enum class Loss : uint8_t {
  ended,    // the server, or the kernel for it, refused or ended the connection
  protocol  // the server broke the protocol, or sent what tells a client not to come back
};

class SwarmListener {
 public:
  virtual ~SwarmListener() = default;
  virtual void on_connect_sent(UserIndex user) = 0;  // the CONNECT packet is being written
  virtual void on_connected(UserIndex user) = 0;     // its answer was read
  virtual void on_event(UserIndex user, std::string_view packet) = 0;  // `["name",...]`
  virtual void on_ack(UserIndex user, const Ack& ack) = 0;
  // The socket is closed.
  virtual void on_lost(UserIndex user, Loss loss, std::string_view why) = 0;
};

class Swarm {
 public:
  // `users` is the highest index plus one. Throws std::runtime_error without an epoll set.
  Swarm(uint32_t users, SwarmListener& listener);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  // Begins to connect. On loopback the source address changes with every few thousand
  // connections, so that storms do not run out of ports. Throws std::runtime_error when the
  // machine refuses a socket.
  void open(UserIndex user, sockaddr_in server);
  // Whether those who connect from now on ask for a snapshot.
  void ask_for_snapshots(bool ask) { snapshots_ = ask; }
  // Writes a Socket.IO packet (`2["event",...]`) as one masked frame. The user is connected.
  void send(UserIndex user, std::string_view packet);
  // Closes the socket: after a close frame, or without a word, as a lost transport is.
  void close(UserIndex user);
  void cut(UserIndex user);

  // One turn: waits at most `timeout_ns` for input and handles all there is.
  void poll(int64_t timeout_ns);

  [[nodiscard]] uint64_t pings_answered() const { return pings_answered_; }
  [[nodiscard]] uint64_t bytes_received() const { return bytes_received_; }

 private:
  enum class Stage : uint8_t { closed, connecting, upgrading, opening, joining, joined };

  struct Client {
    int socket = -1;
    Stage stage = Stage::closed;
    std::string input;   // an incomplete frame or HTTP answer
    std::string output;  // not yet taken by the kernel
  };

  void readable(UserIndex user);
  void writable(UserIndex user);
  // Both return false when the client is closed now.
  bool consume(UserIndex user, std::string_view& bytes);
  bool handle_frame(UserIndex user, std::string_view payload);
  bool handle_socketio(UserIndex user, std::string_view packet);
  bool upgraded(UserIndex user, std::string_view& bytes);
  void write(UserIndex user, std::string_view bytes);
  void drop(UserIndex user, Loss loss, std::string_view why);
  void release(Client& client);
  [[nodiscard]] uint32_t next_mask();

  SwarmListener& listener_;
  int epoll_;
  std::vector<Client> clients_;
  std::string buffer_;
  std::string frame_;
  uint32_t mask_ = 0x9E3779B9U;
  uint64_t opened_ = 0;
  bool snapshots_ = false;
  uint64_t pings_answered_ = 0;
  uint64_t bytes_received_ = 0;
};

}  // namespace bench
