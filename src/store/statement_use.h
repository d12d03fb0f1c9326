// StatementUse: one execution of a prepared statement that is kept. Binds without copying, so what
// is bound outlives the use; resets the statement at its end, also when it throws: a statement left
// open would hold its snapshot and keep the log from being folded into the file.
#pragma once

#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>

namespace store {

class StatementUse {
 public:
  explicit StatementUse(SQLite::Statement& statement) : statement_(statement) {}
  ~StatementUse() { statement_.tryReset(); }
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;

  StatementUse& bind(const std::string& text) {
    statement_.bindNoCopy(++bound_, text);
    return *this;
  }
  StatementUse& bind(int64_t number) {
    statement_.bind(++bound_, number);
    return *this;
  }
  StatementUse& bind_null() {
    statement_.bind(++bound_);
    return *this;
  }

  [[nodiscard]] bool next_row() { return statement_.executeStep(); }
  // Runs to the end; how many rows were changed.
  int run() { return statement_.exec(); }

  [[nodiscard]] std::string text(int column) const {
    const SQLite::Column value = statement_.getColumn(column);
    return {value.getText(), static_cast<std::size_t>(value.getBytes())};
  }
  [[nodiscard]] int64_t number(int column) const { return statement_.getColumn(column).getInt64(); }
  [[nodiscard]] bool is_null(int column) const { return statement_.isColumnNull(column); }

 private:
  SQLite::Statement& statement_;
  int bound_ = 0;
};

}  // namespace store
