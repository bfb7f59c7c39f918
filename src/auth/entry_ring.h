// EntryRing: entries of any length one behind the other in a fixed room, the oldest leaving first. Places are offsets.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace sallyport {

class EntryRing {
 public:
  EntryRing() = default;
  // Begins aligned to 8; its size and those of all entries are multiples of 8.
  explicit EntryRing(std::span<char> room) : room_(room.data()), size_(room.size() & ~std::size_t{7}) {}

  bool empty() const noexcept { return head_ == tail_; }
  std::size_t used() const noexcept { return head_ - tail_; }
  std::size_t size() const noexcept { return size_; }
  char* at(std::size_t place) const noexcept { return room_ + place; }

  // Whether an entry of so many bytes has room in one piece.
  bool has_room(std::size_t bytes) const noexcept { return used() + gap(bytes) + bytes <= size_; }
  // The place of the next entry of so many bytes.
  std::size_t next_place(std::size_t bytes) const noexcept { return gap(bytes) ? 0 : head_ % size_; }
  // After the entry was written there: a mark in the gap may lie where the entry was read from.
  void push(std::size_t bytes) noexcept {
    if (const std::size_t skipped = gap(bytes)) {
      std::memset(room_ + head_ % size_, 0, sizeof(std::uint32_t));
      head_ += skipped;
    }
    head_ += bytes;
  }
  // The oldest entry's place; not for an empty ring. An entry begins with its length, a gap with 0.
  std::size_t oldest() noexcept {
    std::uint32_t length = 0;
    std::memcpy(&length, room_ + tail_ % size_, sizeof length);
    if (length == 0) tail_ += size_ - tail_ % size_;
    return tail_ % size_;
  }
  void pop(std::size_t bytes) noexcept {
    tail_ += bytes;
    if (tail_ == head_) head_ = tail_ = 0;  // an empty ring has no gap
  }

 private:
  // What stays unused at the end of the room, so that the entry is in one piece.
  std::size_t gap(std::size_t bytes) const noexcept {
    const std::size_t left = size_ - head_ % size_;
    return bytes > left ? left : 0;
  }

  char* room_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t head_ = 0, tail_ = 0;  // count on; the place is what remains modulo the size
};

}  // namespace sallyport
