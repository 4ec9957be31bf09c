# Part of scripts/services: a schema registry, Apicurio in memory, which speaks the
# Confluent API. Options are --port, --dir and --owner.

registry_version=2.6.13.Final

# registry_fetch prints the folder of the unpacked registry.
registry_fetch() {
  local home=$cache/registry-$registry_version part
  if [[ ! -d $home ]]; then
    command -v mvn >/dev/null || code=4 die "Maven is needed once, to bring the schema registry"
    mkdir -p "$cache"
    part=$(mktemp -d "$cache/.registry.XXXXXX")
    mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
      -Dartifact="io.apicurio:apicurio-registry-app:$registry_version:tar.gz:all" -DoutputDirectory="$part" >"$part/mvn.log" 2>&1 ||
      { tail -3 "$part/mvn.log" >&2; rm -rf "$part"; die "Maven did not bring the schema registry"; }
    mkdir "$part/home"
    tar -xzf "$part"/apicurio-registry-app-*.tar.gz -C "$part/home"
    mv -T "$part/home" "$home" 2>/dev/null || true # somebody else was faster
    rm -rf "$part"
  fi
  echo "$home"
}

registry_start() {
  local home deadline=$((SECONDS + ready_seconds))
  need_java
  [[ ! -f $dir/pid ]] || die "$dir holds a registry already: stop it"
  home=$(registry_fetch)
  mkdir -p "$dir"
  [[ $port ]] || port=$(free_ports 1)
  : >"$dir/server.log"
  setsid java "${java_small[@]}" -XX:TieredStopAtLevel=1 -Xmx256m -Dquarkus.http.host="$host" -Dquarkus.http.port="$port" \
    -jar "$home/apicurio-registry-app-$registry_version-runner.jar" >>"$dir/server.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  if [[ $owner ]]; then watch; fi
  until grep -q 'Listening on' "$dir/server.log"; do
    alive "$dir" || { tail -20 "$dir/server.log" >&2; die "the schema registry did not start"; }
    ((SECONDS < deadline)) || { tail -20 "$dir/server.log" >&2; die "the schema registry is not ready after $ready_seconds s"; }
    sleep 0.1
  done
  echo "http://$host:$port/apis/ccompat/v7" | tee "$dir/url"
}

registry_stop() {
  halt TERM "$dir"
  rm -rf "$dir"
}

registry_status() {
  alive "$dir" || { echo "there is no registry in $dir"; return 1; }
  echo "process $(cat "$dir/pid")"
  cat "$dir/url"
}
