#include "contacts/edge_writer.h"

#include "base/check.h"
#include "base/json_text.h"

namespace contacts {
namespace {

class JsonWriter final : public EdgeWriter {
 public:
  void write(std::span<const presence::Edge> edges, std::string& out) override {
    for (const presence::Edge& edge : edges) {
      if (viewer_ == edge.viewer) {
        out += ", ";
      } else {
        out += viewer_.empty() ? "{\n" : "],\n";
        base::append_json_string(out, edge.viewer);
        out += ": [";
        viewer_ = edge.viewer;
      }
      base::append_json_string(out, edge.subject);
    }
  }
  void finish(std::string& out) override { out += viewer_.empty() ? "{}\n" : "]\n}\n"; }

 private:
  presence::UserId viewer_;  // whose list is open; empty before the first
};

class NdjsonWriter final : public EdgeWriter {
 public:
  void write(std::span<const presence::Edge> edges, std::string& out) override {
    for (const presence::Edge& edge : edges) {
      out += R"({"user": )";
      base::append_json_string(out, edge.viewer);
      out += R"(, "contact": )";
      base::append_json_string(out, edge.subject);
      out += "}\n";
    }
  }
  void finish(std::string&) override {}
};

class CsvWriter final : public EdgeWriter {
 public:
  void write(std::span<const presence::Edge> edges, std::string& out) override {
    begin(out);
    for (const presence::Edge& edge : edges) {
      append_field(edge.viewer, out);
      out += ',';
      append_field(edge.subject, out);
      out += '\n';
    }
  }
  void finish(std::string& out) override { begin(out); }

 private:
  void begin(std::string& out) {
    if (!begun_) out += "user,contact\n";
    begun_ = true;
  }
  // Quoted where RFC 4180 asks for it, and where a spreadsheet would trim spaces.
  static void append_field(std::string_view id, std::string& out) {
    if (id.find_first_of(",\"") == std::string_view::npos && id.front() != ' ' &&
        id.back() != ' ') {
      out += id;
      return;
    }
    out += '"';
    for (const char c : id) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }

  bool begun_ = false;
};

}  // namespace

std::unique_ptr<EdgeWriter> EdgeWriter::make(Format format) {
  switch (format) {
    case Format::json: return std::make_unique<JsonWriter>();
    case Format::ndjson: return std::make_unique<NdjsonWriter>();
    case Format::csv: break;
  }
  CHECK(format == Format::csv);
  return std::make_unique<CsvWriter>();
}

}  // namespace contacts
