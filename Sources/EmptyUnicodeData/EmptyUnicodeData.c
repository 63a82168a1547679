// The package of data that ICU looks up languages, calendars and legacy encodings in, without any of them.
//
// Yams, which reads the configuration, needs Foundation, and Foundation linked statically brings ICU with 34 MB of data,
// nearly half of the executable. Nothing here asks for any of it: the regular expressions of Yams get by with the properties
// of characters, which are compiled into ICU's code. ICU allows for this: it takes an empty package for one that is
// elsewhere, and functions that need data from it fail with an error. (ICU User Guide, "ICU Data", stub data.)
//
// An archive's member is linked only for a symbol that is missing, so the data stays out where this object defines its
// name. The name has the version of ICU in it. With one that is not listed, the executable is larger and as right.

#include <stdint.h>

/// The head of a package of ICU data (source/common/unicode/udata.h, UDataInfo) and a table of contents without entries.
struct Package {
    uint16_t headBytes;
    uint8_t magic[2];
    uint16_t infoBytes;
    uint16_t reserved;
    uint8_t isBigEndian;
    uint8_t charsetFamily;
    uint8_t characterBytes;
    uint8_t reservedByte;
    uint8_t format[4];
    uint8_t formatVersion[4];
    uint8_t dataVersion[4];
    uint8_t padding[8];
    uint32_t entryCount;
    uint32_t end[3];
} __attribute__((aligned(16)));

#define EMPTY_PACKAGE(name)                                                                                            \
    __attribute__((visibility("hidden"))) extern const struct Package name;                                            \
    const struct Package name = {                                                                                      \
        .headBytes = 32,                                                                                               \
        .magic = {0xDA, 0x27},                                                                                         \
        .infoBytes = 20,                                                                                               \
        .isBigEndian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,                                                         \
        .characterBytes = 2,                                                                                           \
        .format = {'T', 'o', 'C', 'P'},                                                                                \
        .formatVersion = {1},                                                                                          \
    };

EMPTY_PACKAGE(icudt74_dat)
EMPTY_PACKAGE(icudt75_dat)
EMPTY_PACKAGE(icudt76_dat)
EMPTY_PACKAGE(icudt77_dat)
EMPTY_PACKAGE(icudt78_dat)
