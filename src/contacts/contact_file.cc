#include "contacts/contact_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "contacts/edge_writer.h"

namespace contacts {
namespace {

constexpr std::size_t kReadBytes = 128U << 10;  // some thousands of edges, which make one batch

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

tl::unexpected<base::Error> cannot_read(const std::filesystem::path& path, int error) {
  return base::fail(
      error == ENOENT ? base::ErrorCode::kNotFound : base::ErrorCode::kInvalidArgument,
      fmt::format("{}: {}", path.native(), std::generic_category().message(error)));
}

base::Result<ImportStats> read_file(const std::filesystem::path& path, Format format,
                                    Direction direction, const EdgeSink& sink) {
  const File file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) return cannot_read(path, errno);

  const auto parser = EdgeParser::make(format, direction, path.native());
  ImportStats stats;
  std::string piece(kReadBytes, '\0');
  for (bool more = true; more;) {
    const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get());
    if (size < piece.size() && std::ferror(file.get()) != 0) return cannot_read(path, errno);
    more = size == piece.size();
    stats.bytes += size;
    std::vector<presence::Edge> edges;
    auto parsed = parser->feed({piece.data(), size}, edges);
    if (parsed && !more) parsed = parser->finish(edges);
    stats.edges += edges.size();
    if (!edges.empty()) {
      if (auto taken = sink(std::move(edges)); !taken)
        return tl::unexpected<base::Error>(std::move(taken.error()));
    }
    if (!parsed) return tl::unexpected<base::Error>(std::move(parsed.error()));
  }
  return stats;
}

}  // namespace

base::Result<ImportStats> import_file(const std::filesystem::path& path,
                                      std::optional<Format> format, Direction direction,
                                      const EdgeSink& sink) {
  if (!format) {
    const auto by_name = format_from_path(path.native());
    if (!by_name) return tl::unexpected<base::Error>(by_name.error());
    format = *by_name;
  }
  auto checked =
      read_file(path, *format, direction,
                [](const std::vector<presence::Edge>&) -> base::Result<void> { return {}; });
  if (!checked) return checked;
  return read_file(path, *format, direction, sink);
}

base::Result<void> export_edges(Format format, const EdgeSource& source, const ByteSink& sink) {
  const auto writer = EdgeWriter::make(format);
  std::string bytes;
  auto exported = source([&](std::span<const presence::Edge> page) -> base::Result<void> {
    bytes.clear();
    writer->write(page, bytes);
    return sink(bytes);
  });
  if (!exported) return exported;
  bytes.clear();
  writer->finish(bytes);
  return bytes.empty() ? base::Result<void>{} : sink(bytes);
}

}  // namespace contacts
