#pragma once

#include <vector>

#include <rapidcheck.h>

#include "unit/machine.h"

namespace coffer {

/// Any scheme whose parts fit together.
inline rc::Gen<Scheme> any_scheme() {
    return rc::gen::exec([] {
        Scheme scheme;
        scheme.integrity = *rc::gen::weightedElement<Integrity>({{6, Integrity::bmt}, {1, Integrity::mac}, {1, Integrity::none}});
        scheme.data_mac = *rc::gen::element(MacAlgorithm::gcm, MacAlgorithm::cmac, MacAlgorithm::hmac_sha1, MacAlgorithm::hmac_sha256);
        scheme.node_mac = *rc::gen::element(MacAlgorithm::cmac, MacAlgorithm::hmac_sha1, MacAlgorithm::hmac_sha256);
        const auto size_for = [](MacAlgorithm mac) {
            return *rc::gen::suchThat(rc::gen::element(16u, 32u, 8u, 4u), [=](unsigned bytes) { return bytes <= mac_bytes(mac); });
        };
        scheme.tag_bytes = size_for(scheme.data_mac);
        scheme.node_tag_bytes = size_for(scheme.node_mac);
        return scheme;
    });
}

inline rc::Gen<Scheme> any_tree_scheme() {
    return rc::gen::map(any_scheme(), [](Scheme scheme) {
        scheme.integrity = Integrity::bmt;
        return scheme;
    });
}

/// Few frames, caches from a single way for guests on, VM-Tables with fewer register sets than VMs, trees of one to eight levels.
inline rc::Gen<MachineSettings> any_machine(const rc::Gen<Scheme>& schemes) {
    return rc::gen::exec([schemes] {
        MachineSettings settings;
        ProtectedMemoryParameters& p = settings.memory;
        p = small_memory();
        p.scheme = *schemes;
        p.data_bytes = 24 * page_bytes;
        p.metadata_cache = {*rc::gen::element(std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{8}), *rc::gen::element(2u, 3u, 4u, 16u)};
        p.metadata_chip_ways = *rc::gen::inRange(1u, std::min(p.metadata_cache.ways, 3u));
        p.vm_table_slots = *rc::gen::inRange(2u, 6u);
        p.on_violation = !p.scheme.short_tags() && *rc::gen::arbitrary<bool>() ? OnViolation::report : OnViolation::freeze;
        settings.vms = *rc::gen::inRange(2u, 6u);
        settings.pages = *rc::gen::element<std::uint64_t>(1, 4, 5, 17, 70, 300);
        return settings;
    });
}

using WeightedKinds = std::vector<std::pair<std::size_t, Step::Kind>>;

inline rc::Gen<Step> any_step(const WeightedKinds& kinds) {
    using rc::gen::inRange;
    std::vector<Step::Kind> weighted;
    for (const auto& [weight, kind] : kinds) weighted.insert(weighted.end(), weight, kind);
    return rc::gen::build<Step>(rc::gen::set(&Step::kind, rc::gen::elementOf(weighted)), rc::gen::set(&Step::vm, inRange(0u, 5u)),
                                rc::gen::set(&Step::page, inRange(0u, 8u)), rc::gen::set(&Step::line, rc::gen::element(0u, 1u, 2u, 31u, 63u)),
                                rc::gen::set(&Step::value, inRange(0u, 1000u)));
}

/// Guests at work, and pages that come and go.
inline WeightedKinds guest_steps() {
    using Kind = Step::Kind;
    return {{30, Kind::write}, {15, Kind::read},   {2, Kind::hammer}, {6, Kind::move},
            {4, Kind::shred},  {5, Kind::release}, {1, Kind::lose},   {2, Kind::flush}};
}

/// The same with VMs that come, go and return, and chips that restart.
inline WeightedKinds all_steps() {
    using Kind = Step::Kind;
    WeightedKinds kinds = guest_steps();
    kinds.insert(
        kinds.end(),
        {{2, Kind::reinstall}, {2, Kind::snapshot}, {3, Kind::restore}, {1, Kind::save_machine}, {1, Kind::load_machine}, {2, Kind::restart}});
    return kinds;
}

/// Some hundreds of them.
inline rc::Gen<std::vector<Step>> many(const rc::Gen<Step>& step) { return rc::gen::scale(3.0, rc::gen::container<std::vector<Step>>(step)); }

/// Whether RapidCheck finds a counterexample. For planted faults: a property that holds in spite of one checks nothing.
template <class Property>
bool finds_counterexample(Property&& property) {
    return rc::detail::checkTestable(std::forward<Property>(property)).template is<rc::detail::FailureResult>();
}

}  // namespace coffer
