"""The decisions that draw random numbers, each with the number that keys its stream.

Apart from `streams`, so that a new name does not make every compiled draw compile again.
"""

from enum import IntEnum, unique


@unique
class Draw(IntEnum):
    """Every decision that draws a random number. Values are below 65,536 and never pass to another decision."""

    CONSUMER_TRAITS = 1
    FRIENDS = 2
    SUPPLIER_TRAITS = 3
    PROGRAMME = 4
    OPERATOR = 5
    VENDOR_TRAITS = 6
    HOME_PLATFORM = 7
    HOME_MARKET = 8
    NEED = 9
    ORDER_SIZE = 10
    TASTE = 11
    MARKET_TASTE = 12
    CHANNEL = 13
    CLICK = 14
    NEW_VENDOR = 15
    VENDOR = 16
    PAYMENT = 18
    PRIORITY = 19
    DISPATCH = 20
    BATCH = 21
    PARCEL = 22
    DISPUTE = 23
    TIE = 24

    SOCIAL = 26
    USE = 27
    CHECK = 28
    TREATMENT = 29
    THREAT = 30
    ADMISSION = 31
    NEWS = 32
    LOOK = 33
    DISCOVER = 34
    LEARN_MARKET = 35
    VENDOR_EXIT = 36
    RELIST = 37
    REVIEW = 38
    IDENTITY = 39
    CLOSURE = 40
    PLATFORM_ENTRY = 41
    VENDOR_ENTRY = 42
    ROLE = 43
    CONSIGNMENT = 44
    REPLACEMENT = 45
    RAID = 46
    REOPEN = 47
    ARREST = 48
    SUPPLIER_ARREST = 49
    TERMINATION = 50
    REACQUIRE = 51
    CONTACT = 52
    CHARGE = 53
    COVERT_ARREST = 54
    NOVEL = 55
    NOVEL_EXIT = 56
    ALERT = 57
    MODERATION = 90
    POLICY = 58
    NETWORK_SAMPLE = 180
    NETWORK_PATHS = 181
    NETWORK_GROUPS = 182
    USE_DAY = 59
    BLOCKED = 140
    TEST_PURCHASE = 141
    LISTING_BAN = 142
    EVASION = 143
    FORUM_POST = 144
    FORUM_READ = 147
    FORUM_FALSE = 148
    ACCOUNT_REMOVED = 145
    COORDINATED = 146
    PROVIDER = 190
    REWIRE = 120
    RECRUIT = 121
    RESOURCE = 122
    SUCCESSION = 123
    SETTING = 160
    RELAPSE = 165
    PASSED_ON = 166
    DIVERSION = 161
    SUPPLYING = 162
    FALSE_ALARM = 163
    SUBSTITUTE = 164
    TURN = 170
    LETTER = 171
    MIXING = 172
    ALERT_SHARED = 173
    TAKE_UP = 200
    LEAVE = 201
    NEWCOMER = 202
    LEAVING = 203
    REMISSION = 204
    CIRCULATING = 205
    NEED_LEVEL = 206
