#include "memory/set_associative_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <list>
#include <vector>

namespace coffer {
namespace {

using Cache = SetAssociativeCache<int, std::uint64_t>;

/// What the cache promises, written for clearness: per set a list of ways, and per way when it was used last.
class NaiveCache {
public:
    struct Way {
        bool valid = false;
        Address block = 0;
        int tag = 0;
        std::uint64_t data = 0;
        bool dirty = false;
    };

    NaiveCache(std::size_t sets, unsigned ways) : sets_(sets, std::vector<Way>(ways)), order_(sets) {
        for (auto& order : order_)
            for (unsigned way = 0; way != ways; ++way) order.push_back(way);
    }

    Way* find(Address address, int tag) {
        for (Way& way : set(address))
            if (way.valid && way.block == address / 64 && way.tag == tag) return &way;
        return nullptr;
    }
    unsigned victim(Address address, unsigned first, unsigned last) {
        const auto in_range = [&](unsigned way) { return way >= first && way < last; };
        const std::list<unsigned>& ways = order(address);
        const auto invalid = std::find_if(ways.begin(), ways.end(), [&](unsigned way) { return in_range(way) && !set(address)[way].valid; });
        return invalid != ways.end() ? *invalid : *std::find_if(ways.begin(), ways.end(), in_range);
    }
    void invalidate(Address address, Way& way) {
        way.valid = false;
        const auto number = static_cast<unsigned>(&way - set(address).data());
        order(address).remove(number);
        order(address).push_front(number);
    }
    void touch(Address address, unsigned way) {
        order(address).remove(way);
        order(address).push_back(way);
    }
    std::vector<Way>& set(Address address) { return sets_[(address / 64) % sets_.size()]; }
    std::size_t valid_ways() const {
        std::size_t count = 0;
        for (const auto& ways : sets_) count += std::count_if(ways.begin(), ways.end(), [](const Way& way) { return way.valid; });
        return count;
    }

private:
    std::list<unsigned>& order(Address address) { return order_[(address / 64) % order_.size()]; }

    std::vector<std::vector<Way>> sets_;
    std::vector<std::list<unsigned>> order_;  // least recently used way first
};

RC_GTEST_PROP(SetAssociativeCache, EqualsNaiveModel, ()) {
    const auto sets = *rc::gen::element<std::size_t>(1, 2, 3, 4, 7, 8);
    const auto ways = *rc::gen::element(1u, 2u, 3u, 4u, 5u, 8u, 63u, 64u);
    const auto reserved = *rc::gen::inRange(0u, ways);  // tag 1 may use all ways, other tags not the first `reserved`
    Cache cache(CacheGeometry{sets, ways});
    NaiveCache naive(sets, ways);
    const auto steps = *rc::gen::inRange(0, 400);
    for (int step = 0; step < steps; ++step) {
        const Address address = *rc::gen::inRange<Address>(0, 64 * sets * ways * 2) + (*rc::gen::arbitrary<bool>() ? 0 : ~Address{0} << 40);
        const int tag = *rc::gen::inRange(0, 3);
        Cache::Entry* entry = cache.find(address, tag);
        NaiveCache::Way* way = naive.find(address, tag);
        RC_ASSERT((entry != nullptr) == (way != nullptr));
        if (entry == nullptr) {
            const unsigned first = tag == 1 ? 0 : reserved;
            entry = &cache.victim(address, first, ways);
            const unsigned chosen = naive.victim(address, first, ways);
            way = &naive.set(address)[chosen];
            RC_ASSERT(entry->way == chosen);
            RC_ASSERT(cache.valid(*entry) == way->valid);
            if (way->valid) {
                RC_ASSERT(cache.address_of(*entry) == way->block * 64);
                RC_ASSERT(entry->dirty == way->dirty);
                RC_ASSERT(cache.data(*entry) == way->data);
            }
            cache.fill(*entry, address, tag);
            cache.data(*entry) = static_cast<std::uint64_t>(step);
            *way = {true, address / 64, tag, static_cast<std::uint64_t>(step), false};
            RC_ASSERT(!entry->dirty);
            naive.touch(address, chosen);
            continue;
        }
        RC_ASSERT(cache.data(*entry) == way->data);
        RC_ASSERT(entry->dirty == way->dirty);
        switch (*rc::gen::inRange(0, 4)) {
            case 0:
                cache.invalidate(*entry);
                naive.invalidate(address, *way);
                break;
            case 1:
                entry->dirty = way->dirty = true;
                break;
            default:
                cache.touch(*entry);
                naive.touch(address, entry->way);
        }
        std::size_t valid = 0;
        cache.for_each([&](Cache::Entry&) { ++valid; });
        RC_ASSERT(valid == naive.valid_ways());
    }
}

TEST(SetAssociativeCache, ReplacesTheLeastRecentlyUsed) {
    Cache cache(CacheGeometry{1, 2});
    for (Address address : {0u, 64u}) cache.fill(cache.victim(address), address, 0);
    cache.touch(*cache.find(0, 0));
    EXPECT_EQ(cache.address_of(cache.victim(128)), 64u);
}

TEST(SetAssociativeCache, ReservedWaysKeepTheirBlocks) {
    Cache cache(CacheGeometry{1, 4});
    cache.fill(cache.victim(0, 0, 2), 0, 1);
    for (Address address = 64; address != 64 * 100; address += 64) cache.fill(cache.victim(address, 2, 4), address, 2);
    EXPECT_NE(cache.find(0, 1), nullptr);
}

TEST(SetAssociativeCache, AnEmptyCacheHoldsNoBlockAtAddressZero) {
    Cache cache(CacheGeometry{4, 2});
    EXPECT_EQ(cache.find(0, 0), nullptr);
    EXPECT_EQ(cache.find_address(0), nullptr);
}

TEST(SetAssociativeCache, FindsByAddressWhateverTheTag) {
    Cache cache(CacheGeometry{4, 2});
    cache.fill(cache.victim(320), 320, 7);
    EXPECT_EQ(cache.find(320, 6), nullptr);
    ASSERT_NE(cache.find_address(383), nullptr);
    EXPECT_EQ(cache.find_address(383)->tag, 7);
    EXPECT_EQ(cache.find_if(320, [](const Cache::Entry& entry) { return entry.tag > 7; }), nullptr);
}

TEST(SetAssociativeCache, BlocksMayBeInvalidatedWhileVisited) {
    Cache cache(CacheGeometry{2, 2});
    for (Address address = 0; address != 256; address += 64) cache.fill(cache.victim(address), address, 0);
    cache.for_each_in_set(1, [&](Cache::Entry& entry) { cache.invalidate(entry); });
    std::vector<Address> left;
    cache.for_each([&](Cache::Entry& entry) { left.push_back(cache.address_of(entry)); });
    EXPECT_EQ(left, (std::vector<Address>{0, 128}));
}

TEST(CacheGeometry, RefusesWhatIsNoCache) {
    EXPECT_EQ(CacheGeometry::of_size("cache", 32768, 16).sets, 32u);
    EXPECT_THROW((void)CacheGeometry::of_size("cache", 0, 1), InputError);
    EXPECT_THROW((void)CacheGeometry::of_size("cache", 4096, 0), InputError);
    EXPECT_THROW((void)CacheGeometry::of_size("cache", 4096, 65), InputError);
    EXPECT_THROW((void)CacheGeometry::of_size("cache", 4096 + 64, 2), InputError);
}

}  // namespace
}  // namespace coffer
