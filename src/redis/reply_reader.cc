#include "redis/reply_reader.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace redis {
namespace {

// More than this is reserved only when the elements are there.
constexpr std::size_t kMaxReserve = 1024;

// The place of a new value: the root is allocated, an element is appended to its array. A parent
// is always the last element of its own array while it is being filled, so it does not move.
Reply* place(const redisReadTask* task, Reply::Kind kind) {
  Reply* reply = nullptr;
  if (task->parent == nullptr) {
    reply = new Reply;  // handed out by next(), or freed by free_object()
  } else {
    reply = &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
  }
  reply->kind = kind;
  return reply;
}

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
  Reply::Kind kind = Reply::Kind::kText;
  if (task->type == REDIS_REPLY_STATUS) kind = Reply::Kind::kStatus;
  if (task->type == REDIS_REPLY_ERROR) kind = Reply::Kind::kError;
  Reply* reply = place(task, kind);
  reply->text.assign(text, size);
  return reply;
}

template <class Count>  // an int in hiredis 0.14, a size_t from 1.0 on
void* create_array(const redisReadTask* task, Count count) {
  Reply* reply = place(task, Reply::Kind::kArray);
  reply->elements.reserve(std::min(static_cast<std::size_t>(count), kMaxReserve));
  return reply;
}

void* create_integer(const redisReadTask* task, long long value) {
  Reply* reply = place(task, Reply::Kind::kInteger);
  reply->integer = value;
  return reply;
}

void* create_nil(const redisReadTask* task) { return place(task, Reply::Kind::kNil); }

void free_object(void* root) { delete static_cast<Reply*>(root); }

template <class Functions>
Functions make_functions() {
  Functions functions{};
  functions.createString = &create_string;
  functions.createArray = &create_array;
  functions.createInteger = &create_integer;
  functions.createNil = &create_nil;
  functions.freeObject = &free_object;
  // RESP3, which later versions read: never asked for, but a server may send anything.
  if constexpr (requires { functions.createDouble; })
    functions.createDouble = [](const redisReadTask* task, double, char* text, std::size_t size) {
      return create_string(task, text, size);
    };
  if constexpr (requires { functions.createBool; })
    functions.createBool = [](const redisReadTask* task, int value) {
      return create_integer(task, value);
    };
  return functions;
}

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader(std::size_t max_bytes) : max_bytes_(max_bytes) {
  static redisReplyObjectFunctions functions = make_functions<redisReplyObjectFunctions>();
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  CHECK(reader_ != nullptr);
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  unfinished_ += bytes.size();
  // Fails only after an error, which next() will tell again.
  static_cast<void>(redisReaderFeed(reader_.get(), bytes.data(), bytes.size()));
}

base::Result<std::optional<Reply>> ReplyReader::next() {
  void* root = nullptr;
  if (redisReaderGetReply(reader_.get(), &root) != REDIS_OK)
    return base::fail(base::ErrorCode::kInternal,
                      fmt::format("this is not Redis: {}", reader_->errstr));
  if (root != nullptr) {
    const std::unique_ptr<Reply> reply(static_cast<Reply*>(root));
    unfinished_ = reader_->len - reader_->pos;
    return std::move(*reply);
  }
  if (unfinished_ > max_bytes_)
    return base::fail(base::ErrorCode::kInternal,
                      fmt::format("a reply of more than {} bytes", max_bytes_));
  return std::nullopt;
}

}  // namespace redis
