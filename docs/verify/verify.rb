# Verifies the two signatures of a webhook. Ruby 3.0 or newer, standard library only: copy `verify`.
require "openssl"

# True when both signatures are valid. `body` must be the bytes as received: request.raw_post in Rails.
def verify(body, headers, signing_key, secret, tolerance: 300)
  given = headers.transform_keys(&:downcase)
  sent = given.fetch("webhook-timestamp", "")
  key = secret.delete_prefix("whsec_").unpack1("m")
  raise ArgumentError, "the signing key or the secret is empty" if signing_key.empty? || key.empty?
  return false unless sent.match?(/\A[0-9]{1,12}\z/) && (Time.now.to_i - sent.to_i).abs <= tolerance

  sha1 = [OpenSSL::HMAC.digest("SHA1", signing_key, body)].pack("m0")
  message = "#{given['webhook-id']}.#{sent}.".b + body.b
  sha256 = "v1,#{[OpenSSL::HMAC.digest('SHA256', key, message)].pack('m0')}"
  # While a secret is being replaced there are two signatures, separated by a space.
  candidates = given.fetch("webhook-signature", "").split(" ")
  OpenSSL.secure_compare(sha1, given.fetch("signature", "")) &&
    candidates.any? { |candidate| OpenSSL.secure_compare(sha256, candidate) }
end

if $PROGRAM_NAME == __FILE__
  require "json"
  given = JSON.parse($stdin.read)
  good = verify(given["body"], given["headers"], given["signing_key"], given["secret"])
  puts good ? "good" : "bad"
  exit(good ? 0 : 1)
end
