#include "adapter/answers.h"

#include <boost/json/object.hpp>

#include "adapter/message.h"
#include "base/json_text.h"

namespace adapter {
namespace {

std::string answer_to(std::string_view request_id) {
  std::string json = R"({"requestId":)";
  base::append_json_string(json, request_id);
  return json;
}

void append_names(std::string& json, std::span<const std::string> names) {
  json += '[';
  for (const std::string& name : names) {
    if (&name != &names.front()) json += ',';
    base::append_json_string(json, name);
  }
  json += ']';
}

}  // namespace

std::string sockets_answer(std::string_view request_id, std::span<const std::string> ids) {
  std::string json = answer_to(request_id) + R"(,"sockets":)";
  append_names(json, ids);
  return json + '}';
}

std::string rooms_answer(std::string_view request_id, std::span<const std::string> rooms) {
  std::string json = answer_to(request_id) + R"(,"rooms":)";
  append_names(json, rooms);
  return json + '}';
}

std::string fetch_answer(std::string_view request_id, std::span<const SocketDescription> sockets) {
  std::string json = answer_to(request_id) + R"(,"sockets":[)";
  for (const SocketDescription& socket : sockets) {
    if (&socket != &sockets.front()) json += ',';
    json += R"({"id":)";
    base::append_json_string(json, socket.id);
    json += R"(,"handshake":{"headers":{},"query":{},"auth":{}},"rooms":)";
    append_names(json, socket.rooms);
    json += R"(,"data":{}})";
  }
  return json + "]}";
}

std::string server_side_emit_answer(std::string_view request_id) {
  return answer_to(request_id) + R"(,"type":6,"data":null})";
}

std::string client_count_answer(std::string_view request_id, std::size_t clients) {
  std::string json = answer_to(request_id) + R"(,"type":8,"clientCount":)";
  base::append_json_number(json, clients);
  return json + '}';
}

std::string ack_answer(std::string_view request_id, const boost::json::value& answer,
                       socketio::Attachments attachments) {
  return to_msgpack(boost::json::object{{"type", 9}, {"requestId", request_id}, {"packet", answer}},
                    attachments);
}

}  // namespace adapter
