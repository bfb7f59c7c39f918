#include "bars/bar_list.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "bars/bar_shard.h"
#include "rules/ip_range.h"

namespace sallyport {
namespace {

constexpr unsigned kMaxShardBits = 12;
constexpr std::size_t kBarsPerShard = 256;
constexpr std::uint8_t kKeyDomain = 29, kIssuerDomain = 30, kSignatureDomain = 31;

std::size_t shard_of(const Mark& mark, unsigned bits) noexcept { return bits == 0 ? 0 : mark.high >> (64 - bits); }

unsigned bits_for(std::size_t bars) {
  unsigned bits = 0;
  while (bits < kMaxShardBits && (bars >> bits) > kBarsPerShard) ++bits;
  return bits;
}

Mark address_mark(const IpAddress& network, unsigned bits) noexcept {
  char text[17];
  text[0] = static_cast<char>(bits);
  std::memcpy(text + 1, network.data(), 16);
  return mark_of(static_cast<std::uint8_t>(BarKind::address), {text, sizeof text});
}

// How a record stands in a shard; its words stay the record's.
BarDraft draft_of(const BarRecord& record) {
  BarDraft draft;
  BarEntry& e = draft.entry;
  e.issued_before = record.issued_before;
  e.until = record.until;
  e.id = record.id;
  e.kind = record.kind;
  draft.why = record.why;
  if (record.kind == BarKind::address) {
    // The store keeps nothing else; what cannot be read bars nobody.
    const IpRange range = IpRange::parse(record.value).value_or(IpRange{});
    e.prefix = static_cast<std::uint8_t>(range.bits());
    e.mark = address_mark(range.network(), range.bits());
    return draft;
  }
  e.mark = token_mark(record.kind, record.value);
  e.of_issuer = !record.issuer.empty();
  if (e.of_issuer) e.mark = joined(e.mark, issuer_mark(record.issuer));
  return draft;
}

struct Pattern {
  BarKind kind{};
  std::string value, why;
  UnixSeconds until = kForever;
  std::int64_t id = 0;
};
using Patterns = std::vector<Pattern>;
using Shards = std::vector<std::shared_ptr<const BarShard>>;

// Most of what is asked about is in no list. A Bloom filter of one word a mark says so at the cost of one look into
// memory, where the shard would cost four. Marks that left stay in it until it is made anew: it is only ever too full.
class Filter {
 public:
  explicit Filter(std::size_t marks) : words_(std::bit_ceil(std::max<std::size_t>(marks / 3, 64))) {}
  bool fits(std::size_t marks) const noexcept { return marks / 6 <= words_.size(); }
  void add(const Mark& mark) noexcept { words_[place(mark)] |= bits(mark); }
  bool may_hold(const Mark& mark) const noexcept {
    const std::uint64_t wanted = bits(mark);
    return (words_[place(mark)] & wanted) == wanted;
  }
  std::size_t memory_bytes() const noexcept { return words_.capacity() * sizeof(std::uint64_t); }

 private:
  // Of the low half: the high one has chosen the shard.
  std::size_t place(const Mark& mark) const noexcept { return (mark.low >> 20) & (words_.size() - 1); }
  static std::uint64_t bits(const Mark& mark) noexcept {
    return std::uint64_t{1} << (mark.low & 63) | std::uint64_t{1} << (mark.low >> 6 & 63) |
           std::uint64_t{1} << (mark.low >> 12 & 63);
  }
  std::vector<std::uint64_t> words_;
};

bool set_pattern(Patterns& patterns, const BarRecord& record, bool removed) {
  const auto same = [&](const Pattern& p) { return p.kind == record.kind && p.value == record.value; };
  std::erase_if(patterns, same);
  if (!removed) patterns.push_back({record.kind, record.value, record.why, record.until, record.id});
  return true;
}

Shards shards_of(std::vector<std::vector<BarDraft>>& buckets, unsigned bits) {
  const std::size_t joined_buckets = buckets.size() >> bits;
  Shards shards;
  shards.reserve(std::size_t{1} << bits);
  for (std::size_t i = 0; i < buckets.size(); i += joined_buckets) {
    std::vector<BarDraft> drafts = std::move(buckets[i]);
    for (std::size_t k = i + 1; k < i + joined_buckets; ++k) {
      drafts.insert(drafts.end(), buckets[k].begin(), buckets[k].end());
      std::vector<BarDraft>().swap(buckets[k]);
    }
    shards.push_back(std::make_shared<const BarShard>(std::move(drafts)));
  }
  return shards;
}

}  // namespace

Mark token_mark(BarKind kind, std::string_view value) noexcept {
  return mark_of(static_cast<std::uint8_t>(kind), value);
}
Mark issuer_mark(std::string_view issuer) noexcept { return mark_of(kIssuerDomain, issuer); }
Mark key_mark(std::string_view label) noexcept { return mark_of(kKeyDomain, label); }
Mark signature_mark(std::string_view last_characters) noexcept { return mark_of(kSignatureDomain, last_characters); }

struct BarList::Impl {
  static constexpr std::size_t kKinds = 32;

  unsigned bits = 0;
  Shards shards;
  std::shared_ptr<const Patterns> patterns = std::make_shared<const Patterns>();
  // What there is at all: a look-up of what there is none of is spared.
  std::array<std::uint32_t, kKinds> of_kind{}, of_kind_and_issuer{};
  std::array<std::uint32_t, 129> of_prefix{};
  std::size_t size = 0, memory = 0;
  std::shared_ptr<const Filter> filter = std::make_shared<const Filter>(0);

  void make_filter() {
    auto made = std::make_shared<Filter>(size);
    for (const auto& shard : shards)
      for (const BarEntry& e : shard->entries()) made->add(e.mark);
    filter = std::move(made);
  }
  void count() {
    of_kind = of_kind_and_issuer = {};
    of_prefix = {};
    size = 0;
    memory = sizeof *this + shards.capacity() * sizeof(Shards::value_type);
    for (const auto& shard : shards) account(*shard, 1);
  }
  // 1: it joins; -1: it leaves. Unsigned wraps around and back.
  void account(const BarShard& shard, int sign) {
    const auto by = static_cast<std::uint32_t>(sign);
    for (const BarEntry& e : shard.entries()) {
      of_kind[static_cast<std::size_t>(e.kind)] += by;
      if (e.of_issuer) of_kind_and_issuer[static_cast<std::size_t>(e.kind)] += by;
      if (e.kind == BarKind::address) of_prefix[e.prefix] += by;
    }
    const auto wide = static_cast<std::size_t>(static_cast<std::int64_t>(sign));
    size += wide * shard.entries().size();
    memory += wide * shard.memory_bytes();
  }
  void replace_shard(std::size_t index, std::vector<BarDraft> drafts) {
    const std::shared_ptr<const BarShard> old = shards[index];  // its words are the drafts'
    auto next = std::make_shared<const BarShard>(std::move(drafts));
    account(*old, -1);
    account(*next, 1);
    shards[index] = std::move(next);
  }
  void spread(unsigned next_bits) {
    const Shards old = std::move(shards);
    std::vector<std::vector<BarDraft>> buckets(std::size_t{1} << kMaxShardBits);
    std::vector<BarDraft> drafts;
    for (const auto& shard : old) {
      drafts.clear();
      shard->draft_into(drafts);
      for (const BarDraft& draft : drafts) buckets[shard_of(draft.entry.mark, kMaxShardBits)].push_back(draft);
    }
    bits = next_bits;
    shards = shards_of(buckets, bits);
    count();
  }

  bool has(BarKind kind) const noexcept { return of_kind[static_cast<std::size_t>(kind)] != 0; }
  std::size_t count_of(BarClass wanted) const noexcept {
    std::size_t n = 0;
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      if (class_of(static_cast<BarKind>(kind)) == wanted) n += of_kind[kind];
    return wanted == BarClass::block ? n + patterns->size() : n;
  }

  template <class Hits>
  std::optional<BarHit> probe(const Mark& mark, Hits hits) const noexcept {
    if (!filter->may_hold(mark)) return std::nullopt;
    const BarShard& shard = *shards[shard_of(mark, bits)];
    const BarEntry* entry = shard.find(mark, bits);
    if (!entry || !hits(*entry)) return std::nullopt;
    return BarHit{entry->id, entry->kind, shard.why(*entry)};
  }
  std::optional<BarHit> find_name(BarKind exact, BarKind pattern, std::string_view text,
                                  UnixSeconds now) const noexcept {
    if (text.empty()) return std::nullopt;
    if (has(exact))
      if (const auto hit = probe(token_mark(exact, text), [&](const BarEntry& e) { return !e.over(now); })) return hit;
    for (const Pattern& p : *patterns)
      if (p.kind == pattern && p.until > now && matches_pattern(p.value, text)) return BarHit{p.id, p.kind, p.why};
    return std::nullopt;
  }
};

BarList::BarList() {
  static const std::shared_ptr<const Impl> empty = [] {
    auto impl = std::make_shared<Impl>();
    impl->shards.push_back(std::make_shared<const BarShard>(std::vector<BarDraft>()));
    impl->count();
    return impl;
  }();
  impl_ = empty;
}
BarList::~BarList() = default;

std::optional<BarHit> BarList::find_token(const TokenMarks& token, UnixSeconds now) const noexcept {
  if (!token.of_token) return std::nullopt;
  const auto hits = [&](const BarEntry& e) {
    return !e.over(now) && (e.issued_before == kForever || !token.issued_at || *token.issued_at < e.issued_before);
  };
  const std::pair<BarKind, const Mark*> all[] = {
      {BarKind::jti, &token.jti}, {BarKind::principal, &token.principal}, {BarKind::key_id, &token.key_id}};
  for (const auto& [kind, mark] : all) {
    if (!*mark || !impl_->has(kind)) continue;
    if (const auto hit = impl_->probe(*mark, hits)) return hit;
    if (!token.issuer || impl_->of_kind_and_issuer[static_cast<std::size_t>(kind)] == 0) continue;
    if (const auto hit = impl_->probe(joined(*mark, token.issuer), hits)) return hit;
  }
  return std::nullopt;
}

std::optional<BarHit> BarList::find_client(std::string_view client_id, std::string_view username,
                                           std::string_view address, UnixSeconds now) const noexcept {
  const Impl& impl = *impl_;
  if (auto hit = impl.find_name(BarKind::client_id, BarKind::client_id_pattern, client_id, now)) return hit;
  if (auto hit = find_username(username, now)) return hit;
  if (!impl.has(BarKind::address)) return std::nullopt;
  const std::optional<IpAddress> ip = parse_ip_address(address);
  if (!ip) return std::nullopt;
  for (unsigned bits = 0; bits <= 128; ++bits) {
    if (impl.of_prefix[bits] == 0) continue;
    const auto hit =
        impl.probe(address_mark(network_of(*ip, bits), bits), [&](const BarEntry& e) { return !e.over(now); });
    if (hit) return hit;
  }
  return std::nullopt;
}

std::optional<BarHit> BarList::find_username(std::string_view username, UnixSeconds now) const noexcept {
  return impl_->find_name(BarKind::username, BarKind::username_pattern, username, now);
}

std::size_t BarList::revocations() const noexcept { return impl_->count_of(BarClass::revocation); }
std::size_t BarList::blocks() const noexcept { return impl_->count_of(BarClass::block); }
std::size_t BarList::memory_bytes() const noexcept {
  std::size_t bytes = impl_->memory + impl_->filter->memory_bytes();
  for (const Pattern& p : *impl_->patterns) bytes += sizeof p + p.value.capacity() + p.why.capacity();
  return bytes;
}

std::shared_ptr<const BarList> BarList::with(std::span<const BarChange> changes) const {
  auto next = std::make_shared<Impl>(*impl_);
  std::unordered_map<std::size_t, std::vector<std::pair<BarDraft, bool>>> touched;
  std::shared_ptr<Patterns> patterns;
  for (const BarChange& change : changes) {
    if (is_pattern(change.record.kind)) {
      if (!patterns) patterns = std::make_shared<Patterns>(*next->patterns);
      set_pattern(*patterns, change.record, change.removed);
      continue;
    }
    BarDraft draft = draft_of(change.record);
    touched[shard_of(draft.entry.mark, next->bits)].emplace_back(draft, change.removed);
  }
  if (patterns) next->patterns = std::move(patterns);
  if (!touched.empty()) {
    auto filter = std::make_shared<Filter>(*next->filter);
    for (const auto& [index, drafts] : touched)
      for (const auto& [draft, removed] : drafts)
        if (!removed) filter->add(draft.entry.mark);
    next->filter = std::move(filter);
  }
  for (auto& [index, drafts] : touched) {
    std::vector<BarDraft> all;
    all.reserve(next->shards[index]->entries().size() + drafts.size());
    next->shards[index]->draft_into(all);
    bool any_removed = false;
    for (auto& [draft, removed] : drafts) {
      any_removed |= removed;
      if (removed) draft.entry.until = std::numeric_limits<UnixSeconds>::min();
      all.push_back(draft);
    }
    if (any_removed) {
      // Later drafts of a mark win, those that take it out among them; then what was taken out goes.
      BarShard merged(std::move(all));
      all.clear();
      merged.draft_into(all);
      std::erase_if(all, [](const BarDraft& d) { return d.entry.until == std::numeric_limits<UnixSeconds>::min(); });
      next->replace_shard(index, std::move(all));
    } else {
      next->replace_shard(index, std::move(all));
    }
  }
  if (next->bits < kMaxShardBits && (next->size >> next->bits) > 2 * kBarsPerShard) next->spread(bits_for(next->size));
  if (!next->filter->fits(next->size)) next->make_filter();
  auto list = std::make_shared<BarList>();
  list->impl_ = std::move(next);
  return list;
}

std::shared_ptr<const BarList> BarList::without_those_over(UnixSeconds now) const {
  std::shared_ptr<Impl> next;
  const auto copy = [&]() -> Impl& {
    if (!next) next = std::make_shared<Impl>(*impl_);
    return *next;
  };
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    if (impl_->shards[i]->earliest_end() > now) continue;
    std::vector<BarDraft> left;
    impl_->shards[i]->draft_into(left);
    std::erase_if(left, [&](const BarDraft& d) { return d.entry.over(now); });
    copy().replace_shard(i, std::move(left));
  }
  const auto over = [&](const Pattern& p) { return p.until <= now; };
  if (std::any_of(impl_->patterns->begin(), impl_->patterns->end(), over)) {
    auto left = std::make_shared<Patterns>(*impl_->patterns);
    std::erase_if(*left, over);
    copy().patterns = std::move(left);
  }
  if (!next) return nullptr;
  auto list = std::make_shared<BarList>();
  list->impl_ = std::move(next);
  return list;
}

struct BarList::Builder::State {
  struct Kept {
    BarEntry entry;
    std::uint32_t why = 0;  // in `words`
  };
  std::vector<std::vector<Kept>> buckets{std::size_t{1} << kMaxShardBits};
  std::vector<std::string> words{std::string()};
  std::unordered_map<std::string, std::uint32_t> places;
  Patterns patterns;
  std::size_t added = 0;
};

BarList::Builder::Builder() : state_(std::make_unique<State>()) {}
BarList::Builder::~Builder() = default;

void BarList::Builder::add(const BarRecord& record) {
  if (is_pattern(record.kind)) {
    set_pattern(state_->patterns, record, false);
    return;
  }
  const BarDraft draft = draft_of(record);
  std::uint32_t place = 0;
  if (!record.why.empty()) {
    const auto [known, is_new] =
        state_->places.try_emplace(record.why, static_cast<std::uint32_t>(state_->words.size()));
    if (is_new) state_->words.push_back(record.why);
    place = known->second;
  }
  state_->buckets[shard_of(draft.entry.mark, kMaxShardBits)].push_back({draft.entry, place});
  ++state_->added;
}

std::shared_ptr<const BarList> BarList::Builder::build() {
  auto impl = std::make_shared<Impl>();
  impl->bits = bits_for(state_->added);
  std::vector<std::vector<BarDraft>> buckets(state_->buckets.size());
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    buckets[i].reserve(state_->buckets[i].size());
    for (const State::Kept& kept : state_->buckets[i]) buckets[i].push_back({kept.entry, state_->words[kept.why]});
    std::vector<State::Kept>().swap(state_->buckets[i]);
  }
  impl->shards = shards_of(buckets, impl->bits);
  impl->patterns = std::make_shared<const Patterns>(std::move(state_->patterns));
  impl->count();
  impl->make_filter();
  *state_ = State{};
  auto list = std::make_shared<BarList>();
  list->impl_ = std::move(impl);
  return list;
}

}  // namespace sallyport
