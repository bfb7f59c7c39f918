// Places for stores, and what is in one, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace sallyport::testing_store {

// A fresh, empty place for stores; open() as often as one likes.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  virtual std::string url() const = 0;
  std::unique_ptr<Store> open(StoreAccess access = StoreAccess::write) const {
    Result<std::unique_ptr<Store>> store = open_store(url(), access);
    EXPECT_TRUE(store) << (store ? "" : store.error().to_text());
    return store ? std::move(*store) : nullptr;
  }
};

class SqlitePlace final : public StorePlace {
 public:
  SqlitePlace() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sp-store-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~SqlitePlace() override { std::filesystem::remove_all(folder_); }
  std::string url() const override { return "sqlite://" + folder_ + "/users.db"; }

 private:
  std::string folder_;
};

inline UserRecord user(std::string name, std::string hash = "$6$hash") {
  return {std::move(name), std::move(hash), true, false, 0};
}

// Every row of a store as words.
inline std::vector<std::string> dump_of(Store& store) {
  std::vector<std::string> out;
  const Result<void> done = store.dump([&](const Table& table, Row row) -> Result<void> {
    std::string line = table.name;
    EXPECT_EQ(row.size(), table.columns.size());
    for (const Value& value : row) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) line += "|" + std::to_string(*number);
      if (const auto* text = std::get_if<std::string>(&value)) line += "|'" + *text + "'";
      if (std::holds_alternative<std::monostate>(value)) line += "|nothing";
    }
    out.push_back(line);
    return {};
  });
  EXPECT_TRUE(done) << (done ? "" : done.error().to_text());
  std::sort(out.begin(), out.end());
  return out;
}

inline Result<void> move_all(Store& from, Store& to) {
  std::vector<NextRow> rows;
  Result<void> read = from.dump([&](const Table& table, Row row) -> Result<void> {
    rows.push_back({&table, std::move(row)});
    return {};
  });
  if (!read) return read;
  std::size_t next = 0;
  return to.restore([&]() -> Result<NextRow> { return next < rows.size() ? rows[next++] : NextRow{}; });
}

}  // namespace sallyport::testing_store
