#include "app/contacts_commands.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "app/http_client.h"
#include "contacts/contact_file.h"
#include "contacts/edge_writer.h"
#include "store/bulk.h"
#include "store/embedded_store.h"

namespace app {
namespace {

constexpr std::size_t kEdgesPerRequest = 50'000;

contacts::Format format_of(config::ContactsFormat format) {
  switch (format) {
    case config::ContactsFormat::kNdjson: return contacts::Format::ndjson;
    case config::ContactsFormat::kCsv: return contacts::Format::csv;
    case config::ContactsFormat::kJson: break;
  }
  return contacts::Format::json;
}

base::Result<std::unique_ptr<store::EmbeddedStore>> open_store(
    const config::ContactsTarget& target) {
  store::Options options;
  options.data_dir = target.data_dir;
  return store::EmbeddedStore::open(std::move(options));
}

contacts::Direction direction_of(const config::ContactsImportCommand& command) {
  return command.mutual ? contacts::Direction::mutual : contacts::Direction::one_way;
}

base::Result<void> report(const base::Result<contacts::ImportStats>& stats, uint64_t added) {
  if (!stats) return tl::unexpected(stats.error());
  fmt::print("{} edges read, {} of them new\n", stats->edges, added);
  return {};
}

base::Result<void> import_here(const config::ContactsImportCommand& command) {
  const auto store = open_store(command.target);
  if (!store) return tl::unexpected(store.error());
  store::BulkImport bulk(**store);
  const auto stats = contacts::import_file(
      command.file, std::nullopt, direction_of(command),
      [&](std::vector<presence::Edge> edges) { return bulk.add(std::move(edges)); });
  const auto added = bulk.finish();
  if (!added) return tl::unexpected(added.error());
  return report(stats, *added);
}

// Edges go over as directed ones, so that the server need not know how the file means them.
base::Result<void> import_there(const config::ContactsImportCommand& command) {
  HttpClient client(command.target.server, command.target.api_key);
  const auto writer = contacts::EdgeWriter::make(contacts::Format::ndjson);
  uint64_t added = 0;
  std::vector<presence::Edge> waiting;
  const auto flush = [&]() -> base::Result<void> {
    if (waiting.empty()) return {};
    std::string body;
    writer->write(waiting, body);
    waiting.clear();
    const auto answer = client.post("/v1/contacts?mutual=false", body);
    if (!answer) return tl::unexpected(answer.error());
    added += added_of(*answer);
    return {};
  };
  const auto stats = contacts::import_file(
      command.file, std::nullopt, direction_of(command), [&](std::vector<presence::Edge> edges) {
        waiting.insert(waiting.end(), edges.begin(), edges.end());
        return waiting.size() < kEdgesPerRequest ? base::Result<void>() : flush();
      });
  if (stats) {
    if (auto sent = flush(); !sent) return tl::unexpected(sent.error());
  }
  return report(stats, added);
}

base::Result<void> print(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()) return {};
  return base::fail(base::ErrorCode::kInternal, "cannot write to standard output");
}

base::Result<void> export_here(const config::ContactsExportCommand& command) {
  // Opening it would make it, and hide that the name is wrong.
  if (std::error_code error; !std::filesystem::exists(command.target.data_dir, error)) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      fmt::format("data_dir {}: {}", command.target.data_dir,
                                  error ? error.message() : "does not exist"));
  }
  const auto store = open_store(command.target);
  if (!store) return tl::unexpected(store.error());
  return contacts::export_edges(
      format_of(command.format),
      [&](const auto& each) { return store::for_each_page(**store, each); }, print);
}

base::Result<void> export_there(const config::ContactsExportCommand& command) {
  HttpClient client(command.target.server, command.target.api_key);
  const auto text = client.get("/v1/contacts");
  if (!text) return tl::unexpected(text.error());
  const auto parser =
      contacts::EdgeParser::make(contacts::Format::ndjson, contacts::Direction::one_way, "answer");
  std::vector<presence::Edge> edges;
  auto parsed = parser->feed(*text, edges);
  if (parsed) parsed = parser->finish(edges);
  if (!parsed) return tl::unexpected(parsed.error());
  return contacts::export_edges(
      format_of(command.format), [&](const auto& each) { return each(edges); }, print);
}

}  // namespace

base::Result<void> import_contacts(const config::ContactsImportCommand& command) {
  return command.target.server.empty() ? import_here(command) : import_there(command);
}

base::Result<void> export_contacts(const config::ContactsExportCommand& command) {
  return command.target.server.empty() ? export_here(command) : export_there(command);
}

}  // namespace app
