# Part of scripts/services: what a cluster with --secure has more than a plain one.
#
# Two listeners, both with TLS. CLIENT takes SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
# and OAUTHBEARER; MTLS takes certificates. Whichever way it comes, the user is
# User:tidegate, without any rights until somebody grants them, or User:admin, who may
# all. In the cluster's folder:
#
#   ca.pem                             who signed the brokers' certificates
#   NAME.pem, NAME.key, NAME.password  of tidegate and admin
#   oauth.key                          signs tokens (RS256): iss tidegate-test, aud kafka, sub the user
#   bootstrap, bootstrap-mtls          addresses of the two listeners

issuer=tidegate-test audience=kafka

# certify makes DIR/NAME.key and DIR/NAME.pem, signed by DIR/ca.key.
certify() { # DIR NAME
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$1/$2.key" -out "$1/$2.csr" 2>/dev/null
  openssl x509 -req -in "$1/$2.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 30 \
    -extfile <(echo "subjectAltName=DNS:localhost,IP:$host,DNS:kafka,DNS:kafka-1,DNS:kafka-2,DNS:kafka-3") -out "$1/$2.pem" 2>/dev/null
  rm "$1/$2.csr"
}

# secrets makes certificates, passwords and the key of tokens, new for each cluster.
secrets() { # DIR
  local name modulus
  command -v openssl >/dev/null || die "openssl is needed for certificates"
  mkdir -p "$1"
  (
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=tidegate-test-ca \
      -keyout "$1/ca.key" -out "$1/ca.pem" 2>/dev/null
    for name in broker admin tidegate; do certify "$1" "$name"; done
    cat "$1/broker.key" "$1/broker.pem" >"$1/broker.store.pem" # as Kafka wants it: in one file
    for name in admin tidegate; do openssl rand -hex 16 | tr -d '\n' >"$1/$name.password"; done
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1/oauth.key" 2>/dev/null
    modulus=$(openssl rsa -in "$1/oauth.key" -noout -modulus 2>/dev/null | sed 's/Modulus=//; s/../\\x&/g')
    # shellcheck disable=SC2059 # the escapes are the bytes
    modulus=$(printf "$modulus" | base64 -w0 | tr '+/' '-_' | tr -d '=')
    echo "{\"keys\":[{\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\",\"kid\":\"test\",\"e\":\"AQAB\",\"n\":\"$modulus\"}]}" >"$1/jwks.json"
  )
}

secure_properties() { # DIR CLIENT_PORT MTLS_PORT CONTROLLER_PORT
  local security=org.apache.kafka.common.security
  cat <<PROPERTIES
listeners=CLIENT://$host:$2,MTLS://$host:$3,CONTROLLER://$host:$4
advertised.listeners=CLIENT://$host:$2,MTLS://$host:$3
listener.security.protocol.map=CLIENT:SASL_SSL,MTLS:SSL,CONTROLLER:SSL
inter.broker.listener.name=MTLS
ssl.keystore.type=PEM
ssl.keystore.location=$1/broker.store.pem
ssl.truststore.type=PEM
ssl.truststore.location=$1/ca.pem
listener.name.mtls.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*\$/\$1/
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.client.plain.sasl.jaas.config=$security.plain.PlainLoginModule required user_admin="$(cat "$1/admin.password")" user_tidegate="$(cat "$1/tidegate.password")";
listener.name.client.scram-sha-256.sasl.jaas.config=$security.scram.ScramLoginModule required;
listener.name.client.scram-sha-512.sasl.jaas.config=$security.scram.ScramLoginModule required;
listener.name.client.oauthbearer.sasl.jaas.config=$security.oauthbearer.OAuthBearerLoginModule required;
listener.name.client.oauthbearer.sasl.server.callback.handler.class=$security.oauthbearer.OAuthBearerValidatorCallbackHandler
sasl.oauthbearer.jwks.endpoint.url=file://$1/jwks.json
sasl.oauthbearer.expected.issuer=$issuer
sasl.oauthbearer.expected.audience=$audience
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:broker;User:admin
PROPERTIES
}

# scram_users are the arguments for formatting: SCRAM's users stand in the metadata.
scram_users() { # DIR
  local name mechanism
  for name in admin tidegate; do
    for mechanism in 256 512; do
      printf '%s\n' --add-scram "SCRAM-SHA-$mechanism=[name=$name,password=$(cat "$1/$name.password")]"
    done
  done
}

# secrets_compose are what deploy/compose-secure*.yaml needs more: its variables,
# and how the admin makes the users of SCRAM, who stand in the metadata.
secrets_compose() { # DIR
  local name
  (
    umask 077
    cat "$1/admin.key" "$1/admin.pem" >"$1/admin.store.pem"
    for name in admin tidegate; do echo "${name^^}_PASSWORD=$(cat "$1/$name.password")"; done >"$1/compose.env"
    echo "SECRETS=$1" >>"$1/compose.env"
    cat >"$1/admin.properties" <<PROPERTIES
security.protocol=SSL
ssl.keystore.type=PEM
ssl.keystore.location=/etc/kafka/secrets/admin.store.pem
ssl.truststore.type=PEM
ssl.truststore.location=/etc/kafka/secrets/ca.pem
PROPERTIES
  )
}
