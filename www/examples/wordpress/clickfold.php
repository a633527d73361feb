<?php
/**
 * Plugin Name: Clickfold
 * Description: What sells, on the dashboard; and [clickfold view="timeline" src="https://…"] in posts and pages.
 * Version: 1.0.0
 * Requires at least: 6.7
 * Requires PHP: 7.4
 * License: MIT OR Apache-2.0
 *
 * This file and Clickfold's dist/ folder go to wp-content/plugins/clickfold/.
 */

defined( 'ABSPATH' ) || exit;

const CLICKFOLD_ATTRIBUTES = array( 'view', 'src', 'query', 'theme', 'lang', 'heading' );

/** The element with those attributes, and its script on this page. */
function clickfold_view( $attributes ) {
	wp_enqueue_script_module( 'clickfold', plugins_url( 'dist/widget.js', __FILE__ ), array(), '1.0.0' );
	$html = '';
	foreach ( CLICKFOLD_ATTRIBUTES as $name ) {
		if ( isset( $attributes[ $name ] ) ) {
			$html .= sprintf( ' %s="%s"', $name, esc_attr( $attributes[ $name ] ) );
		}
	}
	return "<clickfold-view$html></clickfold-view>";
}

add_shortcode( 'clickfold', 'clickfold_view' );

add_action(
	'wp_dashboard_setup',
	function () {
		if ( ! current_user_can( 'view_woocommerce_reports' ) ) {
			return;
		}
		wp_add_dashboard_widget( 'clickfold', __( 'Top products' ), function () {
			$orders = add_query_arg( array( 'action' => 'clickfold_orders', '_wpnonce' => wp_create_nonce( 'clickfold' ) ), admin_url( 'admin-ajax.php' ) );
			// esc_attr is in clickfold_view.
			echo clickfold_view( array( 'view' => 'top-items', 'src' => $orders, 'lang' => str_replace( '_', '-', get_user_locale() ) ) );
		} );
	}
);

/** WooCommerce's order items as CSV, a thousand at a time. */
add_action(
	'wp_ajax_clickfold_orders',
	function () {
		global $wpdb;
		check_ajax_referer( 'clickfold' );
		current_user_can( 'view_woocommerce_reports' ) || wp_die( '', 403 );
		header( 'Content-Type: text/csv; charset=utf-8' );
		$out = fopen( 'php://output', 'w' );
		fputcsv( $out, array( 'order_item_id', 'order_id', 'customer_id', 'product_id', 'date_created', 'product_qty', 'product_net_revenue' ), ',', '"', '' );
		for ( $last = 0; ; $last = (int) end( $rows )[0] ) {
			$rows = $wpdb->get_results( $wpdb->prepare( "SELECT order_item_id, order_id, customer_id, product_id, date_created, product_qty, product_net_revenue FROM {$wpdb->prefix}wc_order_product_lookup WHERE order_item_id > %d ORDER BY order_item_id LIMIT 1000", $last ), ARRAY_N );
			if ( ! $rows ) {
				exit;
			}
			foreach ( $rows as $row ) {
				fputcsv( $out, $row, ',', '"', '' );
			}
		}
	}
);
