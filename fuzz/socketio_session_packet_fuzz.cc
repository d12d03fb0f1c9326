// Whole sessions: the input is a list of actions of clients, the application and the clock, against
// a Socket.IO server on fakes. Nothing may crash, leak, or be told out of order.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "engineio/fake_transport.h"
#include "socketio/server.h"

namespace {

class Input {
 public:
  Input(const uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::string_view text() {
    const std::size_t length = std::min<std::size_t>(byte(), size_);
    const std::string_view view(reinterpret_cast<const char*>(data_), length);
    data_ += length;
    size_ -= length;
    return view;
  }

 private:
  const uint8_t* data_;
  std::size_t size_;
};

// Answers, echoes, joins and disconnects as the events of the client ask for it.
class Application final : public socketio::NamespaceHandler {
 public:
  void on_connect(socketio::Namespace& nsp, const socketio::ConnectRequest& request) override {
    if (nsp.name() == "/") {
      sockets.insert(nsp.accept(request.id));
    } else {
      pending.push_back(request.id);
    }
  }
  void on_event(socketio::Socket& socket, const socketio::Event& event) override {
    CHECK(sockets.contains(&socket));
    socket.emit("back", event.args, event.attachments);
    if (event.ack_id) socket.ack(*event.ack_id, event.args, event.attachments);
    if (event.name == "j") socket.join("room");
    if (event.name == "l") socket.leave("room");
    if (event.name == "k") socket.disconnect(socketio::Socket::Scope::kNamespace);
    if (event.name == "K") socket.disconnect(socketio::Socket::Scope::kConnection);
    if (event.name == "t") socket.close_transport();
    if (event.name == "q") {
      socket.emit_with_ack("q", "", base::Duration(50), [](const socketio::AckAnswer&) {});
    }
    if (event.name == "b") {
      socket.nsp().broadcast(socketio::Broadcast(socket.nsp().name(), "b", event.args), {});
    }
  }
  void on_disconnect(socketio::Socket& socket, socketio::DisconnectReason) override {
    CHECK(sockets.erase(&socket) == 1);
  }

  std::set<socketio::Socket*> sockets;
  std::vector<socketio::ConnectId> pending;
};

struct World {
  World() {
    engineio::Options engine;
    engine.path = "/socket.io/";
    engine.ping_interval = base::Duration(300);
    engine.ping_timeout = base::Duration(200);
    engine.close_timeout = base::Duration(500);
    engine.upgrade_timeout = base::Duration(400);
    engine.max_payload = 2'000;
    engine.max_buffered = 5'000;
    socketio::Options options;
    options.connect_timeout = base::Duration(1'000);
    server =
        std::make_unique<socketio::Server>(engine, options, random, [this] { return host.now(); });
    server->add_namespace("/", main);
    later_nsp = &server->add_namespace("/later", later);
    host.attach(*server);
  }

  void act(Input& input) {
    const std::string sid = sids.empty() ? "x" : sids[input.byte() % sids.size()];
    engineio::FakeWebSocket* socket =
        sockets.empty() ? nullptr : sockets[input.byte() % sockets.size()];
    const std::string query = "EIO=4&transport=polling&sid=" + sid;
    switch (input.byte() % 14) {
      case 0: open(host.get("EIO=4&transport=polling").body()); break;
      case 1: connect("EIO=4&transport=websocket"); break;
      case 2: connect("EIO=4&transport=websocket&sid=" + sid); break;
      case 3: gets.push_back(&host.get(query)); break;
      case 4: host.post(query, std::string(input.text())); break;
      case 5: posts.push_back(&host.send(host.request("POST", query))); break;
      case 6:
        if (!posts.empty())
          posts[input.byte() % posts.size()]->send_body(std::string(input.text()));
        break;
      case 7:
        if (!gets.empty()) gets[input.byte() % gets.size()]->abort();
        if (!posts.empty()) posts[input.byte() % posts.size()]->abort();
        break;
      case 8:
      case 9:
        if (socket != nullptr) socket->text(input.text());
        break;
      case 10:
        if (socket != nullptr) socket->binary(input.text());
        break;
      case 11:
        if (socket != nullptr) socket->end(input.byte() % 2 == 0 ? 1006 : 1002);
        break;
      case 12: host.pass(base::Duration(input.byte()), base::Duration(50)); break;
      default: answer(input.byte()); break;
    }
    if (input.byte() % 2 == 0) host.turn();
  }

  void open(const std::string& packet) {
    const std::size_t at = packet.find(R"("sid":")");
    if (at != std::string::npos) sids.push_back(packet.substr(at + 7, 24));
  }
  void connect(const std::string& query) {
    auto& exchange = host.upgrade(query);
    if (!exchange.websocket) return;
    exchange.websocket->stalled = sockets.size() % 3 == 0;
    sockets.push_back(exchange.websocket.get());
    if (!exchange.websocket->sent.empty()) open(exchange.websocket->sent[0]);
  }
  void answer(uint8_t choice) {
    if (later.pending.empty()) return;
    const socketio::ConnectId id = later.pending.back();
    later.pending.pop_back();
    if (choice % 2 == 0) {
      later_nsp->refuse(id, "no");
    } else if (socketio::Socket* socket = later_nsp->accept(id)) {
      later.sockets.insert(socket);
    }
  }

  Application main;
  Application later;
  engineio::SeededRandom random;
  engineio::FakeHost<socketio::Server> host{"/socket.io/"};
  std::unique_ptr<socketio::Server> server;
  socketio::Namespace* later_nsp = nullptr;
  std::vector<std::string> sids;
  std::vector<engineio::FakeWebSocket*> sockets;
  std::vector<engineio::FakeExchange*> gets;
  std::vector<engineio::FakeExchange*> posts;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  World world;
  Input input(data, size);
  while (!input.empty()) world.act(input);
  world.host.turn();
  // Whatever happened, everything ends, and every socket is told so.
  world.server->shut_down();
  world.host.pass(base::Duration(1'000), base::Duration(250));
  CHECK(world.server->connection_count() == 0);
  CHECK(world.main.sockets.empty() && world.later.sockets.empty());
  return 0;
}
