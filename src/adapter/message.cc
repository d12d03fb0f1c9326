#include "adapter/message.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "adapter/timestamp.h"
#include "base/utf8.h"
#include "socketio/payload.h"

namespace adapter {
namespace {

constexpr std::string_view kPlaceholder = "_placeholder";
constexpr std::string_view kNumber = "num";

base::Result<Message> broken(std::string why) {
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(why));
}

// Takes the events of the msgpack reader; false from any of them ends the reading.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder() { stack_.reset(); }

  Message take() { return {stack_.release(), std::move(attachments_)}; }
  [[nodiscard]] const std::string& why() const { return why_; }

  bool null() override {
    if (!count()) return false;
    stack_.push_null();
    return true;
  }
  bool boolean(bool value) override {
    if (!count()) return false;
    stack_.push_bool(value);
    return true;
  }
  bool number_integer(number_integer_t value) override {
    if (!count()) return false;
    stack_.push_int64(value);
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!count()) return false;
    stack_.push_uint64(value);
    return true;
  }
  bool number_float(number_float_t value, const string_t&) override {
    if (!count()) return false;
    if (!std::isfinite(value)) {
      stack_.push_null();
    } else {
      stack_.push_double(value);
    }
    return true;
  }
  bool string(string_t& value) override {
    if (!count() || !is_text(value)) return false;
    stack_.push_string(value);
    return true;
  }
  bool key(string_t& name) override {
    if (!count() || !is_text(name)) return false;
    stack_.push_key(name);
    return true;
  }
  bool binary(binary_t& value) override {
    if (!count()) return false;
    if (value.has_subtype()) return extension(value);
    if (attachments_.size() == kMaxAttachments) return refuse("too many binary values");
    stack_.push_key(kPlaceholder);
    stack_.push_bool(true);
    stack_.push_key(kNumber);
    stack_.push_uint64(attachments_.size());
    stack_.push_object(2);
    attachments_.emplace_back(value.begin(), value.end());
    return true;
  }
  bool start_array(std::size_t elements) override { return open(elements); }
  bool end_array() override {
    stack_.push_array(close());
    return true;
  }
  bool start_object(std::size_t members) override { return open(members); }
  bool end_object() override {
    stack_.push_object(close());
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("broken msgpack");
  }

 private:
  bool refuse(const char* why) {
    if (why_.empty()) why_ = why;
    return false;
  }
  bool count() { return ++values_ <= kMaxValues || refuse("too many values"); }
  bool is_text(const std::string& text) {
    return base::is_valid_utf8(text) || refuse("text that is not UTF-8");
  }
  bool open(std::size_t size) {
    if (!count()) return false;
    if (sizes_.size() == kMaxDepth) return refuse("nested too deeply");
    sizes_.push_back(size);
    return true;
  }
  std::size_t close() {
    const std::size_t size = sizes_.back();
    sizes_.pop_back();
    return size;
  }

  // Times, and an old way to write `undefined`. Nothing else is sent by the packages.
  bool extension(const binary_t& value) {
    const auto type = static_cast<int8_t>(value.subtype());
    const std::string_view bytes(reinterpret_cast<const char*>(value.data()), value.size());
    if (type == 0 && bytes.size() == 1) {
      stack_.push_null();
      return true;
    }
    const std::optional<std::string> time = timestamp_text(type, bytes);
    if (!time) return refuse("an extension type");
    if (time->empty()) {
      stack_.push_null();  // as of an invalid Date
    } else {
      stack_.push_string(*time);
    }
    return true;
  }

  boost::json::value_stack stack_;
  std::vector<std::size_t> sizes_;  // of the arrays and objects that are open
  std::vector<std::string> attachments_;
  std::size_t values_ = 0;
  std::string why_;
};

base::Result<Message> read_msgpack(std::string_view payload) {
  TreeBuilder builder;
  const bool whole = nlohmann::json::sax_parse(payload.begin(), payload.end(), &builder,
                                               nlohmann::json::input_format_t::msgpack);
  if (!whole) return broken(builder.why());
  return builder.take();
}

const std::string* attachment_of(const boost::json::object& object,
                                 socketio::Attachments attachments) {
  if (attachments.empty() || object.size() != 2) return nullptr;
  const boost::json::value* mark = object.if_contains(kPlaceholder);
  const boost::json::value* number = object.if_contains(kNumber);
  if (mark == nullptr || !mark->is_bool() || !mark->get_bool() || number == nullptr) return nullptr;
  boost::system::error_code no_number;
  const auto at = number->to_number<std::size_t>(no_number);
  return no_number || at >= attachments.size() ? nullptr : &attachments[at];
}

nlohmann::json converted(const boost::json::value& value, socketio::Attachments attachments) {
  switch (value.kind()) {
    case boost::json::kind::null: return nullptr;
    case boost::json::kind::bool_: return value.get_bool();
    case boost::json::kind::int64: return value.get_int64();
    case boost::json::kind::uint64: return value.get_uint64();
    case boost::json::kind::double_: return value.get_double();
    case boost::json::kind::string: return std::string(value.get_string());
    case boost::json::kind::array: {
      nlohmann::json array = nlohmann::json::array();
      for (const boost::json::value& element : value.get_array())
        array.push_back(converted(element, attachments));
      return array;
    }
    case boost::json::kind::object: {
      if (const std::string* bytes = attachment_of(value.get_object(), attachments))
        return nlohmann::json::binary({bytes->begin(), bytes->end()});
      nlohmann::json object = nlohmann::json::object();
      for (const auto& [name, member] : value.get_object())
        object[std::string(name)] = converted(member, attachments);
      return object;
    }
  }
  return nullptr;
}

}  // namespace

base::Result<Message> read_message(std::string_view payload) {
  if (payload.size() > kMaxMessageBytes) return broken("larger than 4 MiB");
  if (!payload.starts_with('{')) return read_msgpack(payload);
  auto value = socketio::parse_json(payload, {});
  if (!value) return broken("broken JSON");
  return Message{*std::move(value), {}};
}

std::string to_msgpack(const boost::json::value& value, socketio::Attachments attachments) {
  std::string bytes;
  nlohmann::json::to_msgpack(converted(value, attachments), bytes);
  return bytes;
}

}  // namespace adapter
