#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coffer {

/// The order in which the ways of each set were used last. A set's ways form a ring, from the most recently used one on: naming another way the most
/// recent one turns the least recent one into it without moving anything, so that what a cache does at every miss costs one store.
class UseOrder {
public:
    /// 1 to 256 ways; way 0 is the least recently used one at first, and the last way the most recent.
    UseOrder(std::size_t sets, unsigned ways) : ways_(ways), links_(sets * ways), newest_(sets, static_cast<Way>(ways - 1)) {
        for (std::size_t i = 0; i != links_.size(); ++i) {
            const auto way = static_cast<unsigned>(i % ways);
            links_[i] = {static_cast<Way>((way + 1) % ways), static_cast<Way>((way + ways - 1) % ways)};
        }
    }

    /// Makes `way` the most recently used one of its set.
    void touch(std::size_t set, unsigned way) {
        if (way == newest_[set]) return;
        if (way != oldest(set)) move_behind_oldest(set, way);
        newest_[set] = static_cast<Way>(way);
    }
    /// Makes `way` the least recently used one of its set.
    void retire(std::size_t set, unsigned way) {
        if (way == oldest(set)) return;
        if (way == newest_[set])
            newest_[set] = link(set, way).older;
        else
            move_behind_oldest(set, way);
    }

    unsigned oldest(std::size_t set) const { return link(set, newest_[set]).newer; }
    /// The least recently used one among ways [first, last) of a set.
    unsigned oldest(std::size_t set, unsigned first, unsigned last) const {
        unsigned way = oldest(set);
        while (way < first || way >= last) way = link(set, way).newer;
        return way;
    }

private:
    using Way = std::uint8_t;
    struct Link {
        Way newer;  // of the most recent way: the least recent one
        Way older;  // of the least recent way: the most recent one
    };

    Link& link(std::size_t set, unsigned way) { return links_[set * ways_ + way]; }
    const Link& link(std::size_t set, unsigned way) const { return links_[set * ways_ + way]; }

    /// Takes a way that is neither end out of the ring and puts it back between the ends.
    void move_behind_oldest(std::size_t set, unsigned way) {
        const Link old = link(set, way);
        link(set, old.newer).older = old.older;
        link(set, old.older).newer = old.newer;
        const Way last = static_cast<Way>(oldest(set));
        link(set, way) = {last, newest_[set]};
        link(set, last).older = static_cast<Way>(way);
        link(set, newest_[set]).newer = static_cast<Way>(way);
    }

    std::size_t ways_;
    std::vector<Link> links_;
    std::vector<Way> newest_;  // per set
};

}  // namespace coffer
