<?php
// Verifies the two signatures of a webhook. PHP 8.0 or newer, no packages: copy `verify`.

/** True when both signatures are valid. $body must be the text as received: file_get_contents('php://input'). */
function verify(string $body, array $headers, string $signingKey, string $secret, int $tolerance = 300): bool
{
    $given = array_change_key_case($headers, CASE_LOWER);
    $sent = $given['webhook-timestamp'] ?? '';
    $key = base64_decode(substr($secret, strlen('whsec_')), true);
    if ($signingKey === '' || !$key) {
        throw new InvalidArgumentException('the signing key or the secret is empty');
    }
    if (!preg_match('/^[0-9]{1,12}$/D', $sent) || abs(time() - (int) $sent) > $tolerance) {
        return false;
    }

    $sha1 = base64_encode(hash_hmac('sha1', $body, $signingKey, true));
    $message = ($given['webhook-id'] ?? '') . '.' . $sent . '.' . $body;
    $sha256 = 'v1,' . base64_encode(hash_hmac('sha256', $message, $key, true));
    $matches = false;
    // While a secret is being replaced there are two signatures, separated by a space.
    foreach (explode(' ', $given['webhook-signature'] ?? '') as $candidate) {
        $matches = hash_equals($sha256, $candidate) || $matches;
    }
    return hash_equals($sha1, $given['signature'] ?? '') && $matches;
}

if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    $case = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
    $good = verify($case['body'], $case['headers'], $case['signing_key'], $case['secret']);
    echo $good ? "good\n" : "bad\n";
    exit($good ? 0 : 1);
}
