#pragma once

#include <systemc>

/// Before SystemC 3.0 a module that uses SC_THREAD or SC_METHOD outside SC_CTOR has to name its type; from 3.0 on that is deprecated.
#if SC_VERSION_MAJOR >= 3
#define COFFER_HAS_PROCESS(module) static_assert(true, "")
#else
#define COFFER_HAS_PROCESS(module) SC_HAS_PROCESS(module)
#endif
