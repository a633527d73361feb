//! The logs that are known by their lines.

use super::pattern::Pattern;
use crate::Result;

/// A log whose lines are known.
pub(super) struct Preset {
    pub(super) name: &'static str,
    text: &'static str,
    /// How many fields its oldest lines have, where more were added since.
    needed: Option<usize>,
}

impl Preset {
    const fn of(name: &'static str, text: &'static str) -> Self {
        Self { name, text, needed: None }
    }

    const fn growing(name: &'static str, needed: usize, text: &'static str) -> Self {
        Self { name, text, needed: Some(needed) }
    }

    /// Its pattern, whose columns are put behind `names`.
    pub(super) fn pattern(&self, names: &mut Vec<String>) -> Result<Pattern> {
        Pattern::parse(self.text, self.needed, names)
    }
}

/// The format of nginx's packages.
pub(super) const NGINX_MAIN: &str = "nginx_main";

/// All of them, in the order in which they are tried: a line that one reads rightly may be read wrongly by a later one.
pub(super) const PRESETS: [Preset; 14] = [
    Preset::of("vhost_combined", "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""),
    Preset::of("vhost_combined_no_port", "%v %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""),
    Preset::of("vhost_common_port", "%v:%p %h %l %u %t \"%r\" %>s %b"),
    Preset::of("vhost_common", "%v %h %l %u %t \"%r\" %>s %b"),
    Preset::of("combined", "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""),
    Preset::of("common", "%h %l %u %t \"%r\" %>s %b"),
    Preset::of(NGINX_MAIN, "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" \"%{X-Forwarded-For}i\""),
    Preset::of("ncsa", "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" \"%{Cookie}i\""),
    Preset::growing(
        "elb",
        12,
        "$time_iso8601 $elb $remote_addr_and_port $backend $request_processing_time $backend_processing_time \
         $response_processing_time $status $backend_status_code $request_length $bytes_sent \"$request_with_url\" \
         \"$http_user_agent\" $ssl_cipher $ssl_protocol",
    ),
    Preset::growing(
        "alb",
        17,
        "$type $time_iso8601 $elb $remote_addr_and_port $target $request_processing_time $target_processing_time \
         $response_processing_time $status $target_status_code $request_length $bytes_sent \"$request_with_url\" \
         \"$http_user_agent\" $ssl_cipher $ssl_protocol $target_group_arn \"$trace_id\" \"$domain_name\" \
         \"$chosen_cert_arn\" $matched_rule_priority $request_creation_time \"$actions_executed\" \"$redirect_url\" \
         \"$error_reason\" \"$target_port_list\" \"$target_status_code_list\" \"$classification\" \
         \"$classification_reason\" $conn_trace_id",
    ),
    Preset::growing(
        "s3",
        17,
        "$bucket_owner $bucket [$time_local] $remote_addr $remote_user $request_id $operation $key \"$request\" $status \
         $error_code $bytes_sent $object_size $duration_ms $turn_around_time \"$http_referer\" \"$http_user_agent\" \
         $version_id $host_id $signature_version $ssl_cipher $authentication_type $host $ssl_protocol \
         $access_point_arn $acl_required",
    ),
    Preset::of("haproxy_syslog", HAPROXY_SYSLOG),
    Preset::of("haproxy", HAPROXY),
    Preset::of("combined_more", "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %{rest}n"),
];

macro_rules! haproxy {
    ($lead:literal) => {
        concat!(
            $lead,
            "$remote_addr_and_port [$time_local] $frontend $backend/$server ",
            "$request_wait_ms/$queue_ms/$connect_ms/$response_ms/$duration_ms $status $bytes_sent $request_cookie ",
            "$response_cookie $termination_state $actconn/$feconn/$beconn/$srv_conn/$retries $srv_queue/$queue_and_headers ",
            "\"$request\""
        )
    };
}
const HAPROXY: &str = haproxy!("");
const HAPROXY_SYSLOG: &str = haproxy!("$syslog]: ");

/// The preset called that.
pub(super) fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
