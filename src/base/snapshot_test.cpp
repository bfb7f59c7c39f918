#include "base/snapshot.h"

#include <gtest/gtest.h>

#include <thread>

namespace sallyport {
namespace {

TEST(SnapshotBoxTest, AReaderSeesTheNewValueAfterStore) {
  SnapshotBox<int> box(std::make_shared<const int>(1));
  SnapshotBox<int>::Reader reader(box);
  EXPECT_EQ(reader.get(), 1);
  box.store(std::make_shared<const int>(2));
  EXPECT_EQ(reader.get(), 2);
}

TEST(SnapshotBoxTest, TheOldValueLivesUntilItsLastReaderLetsGo) {
  auto first = std::make_shared<const int>(1);
  std::weak_ptr<const int> watched = first;
  SnapshotBox<int> box(std::move(first));
  SnapshotBox<int>::Reader reader(box);
  box.store(std::make_shared<const int>(2));
  EXPECT_FALSE(watched.expired());
  reader.get();
  EXPECT_TRUE(watched.expired());
}

TEST(SnapshotBoxTest, ReadersAndAWriterShareItWithoutATornValue) {
  struct Pair {
    int a, b;
  };
  SnapshotBox<Pair> box(std::make_shared<const Pair>(Pair{0, 0}));
  std::atomic<bool> stop{false}, torn{false};
  std::thread readers[2];
  for (std::thread& t : readers)
    t = std::thread([&] {
      SnapshotBox<Pair>::Reader reader(box);
      while (!stop) {
        const Pair& p = reader.get();
        if (p.a != p.b) torn = true;
      }
    });
  for (int i = 1; i <= 20'000; ++i) box.store(std::make_shared<const Pair>(Pair{i, i}));
  stop = true;
  for (std::thread& t : readers) t.join();
  EXPECT_FALSE(torn);
}

}  // namespace
}  // namespace sallyport
