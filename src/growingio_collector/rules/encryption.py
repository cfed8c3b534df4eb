"""Rules of the encryption of bodies, found by the readers in ``decode``."""

from typing import Final

from growingio_collector.rules.issue import BAD, WARN, rule
from growingio_wire.said import Said

UNKNOWN_CRYPT: Final = rule(
    "unknown_crypt",
    BAD,
    Said(
        "X-Crypt-Codec is {crypt}; only 1 (XOR) is known.",
        "X-Crypt-Codec 为 {crypt}；只支持 1（XOR）。",
    ),
    Said(
        "Send X-Crypt-Codec: 1 with an encrypted body, and omit the header otherwise.",
        "加密的请求体用 X-Crypt-Codec: 1，未加密的不要带此请求头。",
    ),
    headline=Said("An unknown X-Crypt-Codec", "未知的 X-Crypt-Codec"),
)
XOR_WITHOUT_KEY: Final = rule(
    "xor_without_key",
    BAD,
    Said(
        "X-Crypt-Codec is 1, but the URL has no stm, whose low byte is the key.",
        "X-Crypt-Codec 为 1，但 URL 中没有 stm；密钥是 stm 的最低字节。",
    ),
    Said(
        "Add ?stm= with the send time in milliseconds, and encrypt with its lowest byte.",
        "在 URL 中加上 ?stm=（发送时间，毫秒），并用其最低字节加密。",
    ),
)
XOR_KEY_NOT_A_NUMBER: Final = rule(
    "xor_key_not_a_number",
    BAD,
    Said(
        "X-Crypt-Codec is 1, but {source} is not a number of milliseconds.",
        "X-Crypt-Codec 为 1，但 {source} 不是毫秒数。",
    ),
    Said(
        "Send the time in Unix milliseconds, as digits only.",
        "请以 Unix 毫秒时间戳发送，只含数字。",
    ),
    headline=Said(
        "The send time of an encrypted body is not a number", "加密请求体的发送时间不是数字"
    ),
)
WRONG_KEY: Final = rule(
    "wrong_key",
    BAD,
    Said(
        "The body cannot be read with the key {given} from {source}, but it can with {good} "
        "({form}).",
        "用 {source} 给出的密钥 {given} 无法读取请求体，用 {good} 则可以（{form}）。",
    ),
    Said(
        "Encrypt with the lowest byte of the same stm that is in the URL.",
        "请用 URL 中那个 stm 的最低字节加密，两者必须是同一个时间。",
    ),
    headline=Said("The body is encrypted with another key", "请求体用其他密钥加密"),
)
KEY_NOT_GIVEN: Final = rule(
    "key_not_given",
    BAD,
    Said(
        "The body is encrypted with the key {good} ({form}), but the request has no send "
        "time to take the key from.",
        "请求体已加密，用密钥 {good} 可以读取（{form}），但请求中没有能得出该密钥的发送时间。",
    ),
    Said(
        "Add ?stm= with the send time in milliseconds whose lowest byte is the key.",
        "在 URL 中加上 ?stm=（发送时间，毫秒），其最低字节就是密钥。",
    ),
    headline=Said(
        "The body is encrypted, and the request does not give the key",
        "请求体已加密，但请求中没有密钥",
    ),
)
NOT_ENCRYPTED: Final = rule(
    "not_encrypted",
    BAD,
    Said(
        "X-Crypt-Codec is 1, but the body can be read without decryption ({form}).",
        "X-Crypt-Codec 为 1，但请求体不解密就能读取（{form}）。",
    ),
    Said(
        "Encrypt the body after compressing it, or leave the header out.",
        "请在压缩之后加密请求体，或去掉该请求头。",
    ),
    headline=Said("The body is declared encrypted but is not", "请求声明已加密，实际没有"),
)
ENCRYPTED_UNDECLARED: Final = rule(
    "encrypted_undeclared",
    BAD,
    Said(
        "The body is encrypted with the key {good} ({form}), but X-Crypt-Codec is not 1.",
        "请求体用密钥 {good} 加密（{form}），但 X-Crypt-Codec 不是 1。",
    ),
    Said(
        "Send X-Crypt-Codec: 1, and a stm whose lowest byte is the key.",
        "请发送 X-Crypt-Codec: 1，并使 stm 的最低字节等于密钥。",
    ),
    headline=Said(
        "The body is encrypted, and the request does not say so", "请求体已加密，但请求没有声明"
    ),
)
XOR_KEY_FROM_HEADER: Final = rule(
    "xor_key_from_header",
    WARN,
    Said(
        "The body is encrypted, but the URL has no stm; the key was taken from X-Timestamp.",
        "请求体已加密，但 URL 中没有 stm；密钥取自 X-Timestamp。",
    ),
    Said("Add ?stm= with the same time to the URL.", "在 URL 中加上时间相同的 ?stm=。"),
)
